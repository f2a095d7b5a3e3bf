#include "entities.h"
#include <stdlib.h>

enum { BUCKETS = 1024 };

static struct entity *table[BUCKETS], *programs[BUCKETS];
size_t entities_count;

struct entity *entity_insert(uint64_t id) {
  struct entity *entity = malloc(sizeof *entity), **bucket = &table[id % BUCKETS];
  if (!entity) return NULL;
  *entity = (struct entity){.id = id, .next = *bucket};
  entities_count++;
  return *bucket = entity;
}

void entity_free(struct entity *entity) {
  entity_set_program(entity, 0);
  struct entity **link = &table[entity->id % BUCKETS];
  while (*link != entity) link = &(*link)->next;
  *link = entity->next;
  entities_count--;
  free(entity);
}

struct entity *entity_of_id(uint64_t id) {
  struct entity *entity = table[id % BUCKETS];
  while (entity && entity->id != id) entity = entity->next;
  return entity;
}

void entity_set_program(struct entity *entity, pid_t program) {
  struct entity **link = &programs[entity->program % BUCKETS];
  while (*link && *link != entity) link = &(*link)->next_program;
  if (*link) *link = entity->next_program;
  entity->program = program;
  if (program == 0) return;
  link = &programs[program % BUCKETS];
  entity->next_program = *link;
  *link = entity;
}

struct entity *entity_of_program(pid_t program) {
  struct entity *entity = programs[program % BUCKETS];
  while (entity && entity->program != program) entity = entity->next_program;
  return entity;
}

void entities_each(void (*visit)(struct entity *entity)) {
  for (size_t i = 0; i < BUCKETS; i++) {
    for (struct entity *entity = table[i], *next; entity; entity = next) {
      next = entity->next;
      visit(entity);
    }
  }
}
