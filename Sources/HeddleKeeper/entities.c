#include "entities.h"
#include <stddef.h>

enum { BUCKETS = 1024 };

static struct entity *by_id[BUCKETS], *by_warden[BUCKETS];

static struct entity **id_bucket(uint64_t id) { return &by_id[id % BUCKETS]; }
static struct entity **warden_bucket(pid_t warden) { return &by_warden[(unsigned)warden % BUCKETS]; }

struct entity *entity_of_id(uint64_t id) {
  struct entity *entity = *id_bucket(id);
  while (entity && entity->id != id) entity = entity->next_of_id;
  return entity;
}

struct entity *entity_of_warden(pid_t warden) {
  struct entity *entity = *warden_bucket(warden);
  while (entity && entity->warden != warden) entity = entity->next_of_warden;
  return entity;
}

void entity_insert(struct entity *entity) {
  struct entity **ids = id_bucket(entity->id), **wardens = warden_bucket(entity->warden);
  entity->next_of_id = *ids;
  entity->next_of_warden = *wardens;
  *ids = *wardens = entity;
}

void entity_remove(struct entity *entity) {
  struct entity **id = id_bucket(entity->id), **warden = warden_bucket(entity->warden);
  while (*id != entity) id = &(*id)->next_of_id;
  while (*warden != entity) warden = &(*warden)->next_of_warden;
  *id = entity->next_of_id;
  *warden = entity->next_of_warden;
}

void entities_each(void (*visit)(struct entity *entity)) {
  for (size_t i = 0; i < BUCKETS; i++) {
    for (struct entity *entity = by_id[i], *next; entity; entity = next) {
      next = entity->next_of_id;
      visit(entity);
    }
  }
}
