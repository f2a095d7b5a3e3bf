#include "entities.h"
#include "private.h"

enum { BUCKETS = 1024, SLAB = 128 /* entities */ };

static struct tables {
  struct entity *of_id[BUCKETS], *of_program[BUCKETS];
} *tables;
static struct entity *spare;  // by `next`
size_t entities_count;

static bool add_slab(void) {
  struct entity *slab = private_pages(SLAB * sizeof *slab);
  for (size_t i = 0; slab && i < SLAB; i++) {
    slab[i].next = spare;
    spare = &slab[i];
  }
  return slab;
}

bool entities_open(void) { return (tables = private_pages(sizeof *tables)); }

struct entity *entity_insert(uint64_t id) {
  if (!spare && !add_slab()) return NULL;
  struct entity *entity = spare, **bucket = &tables->of_id[id % BUCKETS];
  spare = entity->next;
  *entity = (struct entity){.id = id, .next = *bucket};
  entities_count++;
  return *bucket = entity;
}

void entity_free(struct entity *entity) {
  entity_set_program(entity, 0);
  struct entity **link = &tables->of_id[entity->id % BUCKETS];
  while (*link != entity) link = &(*link)->next;
  *link = entity->next;
  entities_count--;
  entity->next = spare;
  spare = entity;
}

struct entity *entity_of_id(uint64_t id) {
  struct entity *entity = tables->of_id[id % BUCKETS];
  while (entity && entity->id != id) entity = entity->next;
  return entity;
}

void entity_set_program(struct entity *entity, pid_t program) {
  struct entity **link = &tables->of_program[entity->program % BUCKETS];
  while (*link && *link != entity) link = &(*link)->next_program;
  if (*link) *link = entity->next_program;
  entity->program = program;
  if (program == 0) return;
  link = &tables->of_program[program % BUCKETS];
  entity->next_program = *link;
  *link = entity;
}

struct entity *entity_of_program(pid_t program) {
  struct entity *entity = tables->of_program[program % BUCKETS];
  while (entity && entity->program != program) entity = entity->next_program;
  return entity;
}

void entities_each(void (*visit)(struct entity *entity)) {
  for (size_t i = 0; i < BUCKETS; i++) {
    for (struct entity *entity = tables->of_id[i], *next; entity; entity = next) {
      next = entity->next;
      visit(entity);
    }
  }
}
