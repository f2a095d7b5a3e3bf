/* example-busy: computes for ARGUMENT million steps without ever waiting, and says what came out. It knows nothing of
 * heddle: whoever runs it can still stop it anywhere. */
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  unsigned long steps = 1000000UL * (count > 1 ? strtoul(arguments[1], NULL, 10) : 100);
  unsigned long state = 88172645463325252UL;
  for (unsigned long step = 0; step < steps; step++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  printf("%lx\n", state);
  return 0;
}
