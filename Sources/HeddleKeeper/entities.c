#include "entities.h"
#include <stdlib.h>

enum { BUCKETS = 1024 };

static struct entity *table[BUCKETS];
size_t entities_count;

struct entity *entity_insert(uint64_t id) {
  struct entity *entity = malloc(sizeof *entity), **bucket = &table[id % BUCKETS];
  if (!entity) return NULL;
  *entity = (struct entity){.id = id, .next = *bucket};
  entities_count++;
  return *bucket = entity;
}

void entity_free(struct entity *entity) {
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

struct entity *entity_of_program(pid_t program) {
  struct entity *entity = NULL;
  for (size_t i = 0; i < BUCKETS && !entity; i++) {
    entity = table[i];
    while (entity && (entity->told != TOLD_STARTED || entity->program != program)) entity = entity->next;
  }
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
