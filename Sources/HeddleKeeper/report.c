#include "report.h"
#include <stdlib.h>
#include <string.h>

enum { LENGTH_SIZE = 4, ENTITY_AT = LENGTH_SIZE + 1, FIRST_FIELD_AT = ENTITY_AT + 8 };

static void write_little_endian(uint8_t *at, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static uint8_t *extend(struct report *report, size_t width) {
  // The longest report (EMPTY, full) is well below the limit: only our own mistake gets here.
  if (width > sizeof report->bytes - report->size) abort();
  uint8_t *at = report->bytes + report->size;
  report->size += width;
  write_little_endian(report->bytes, report->size - LENGTH_SIZE, LENGTH_SIZE);
  return at;
}

void report_begin(struct report *report, enum report_kind kind, uint64_t entity) {
  report->size = LENGTH_SIZE;
  report_u8(report, (uint8_t)kind);
  if (entity) report_u64(report, entity);
}

void report_u8(struct report *report, uint8_t value) { *extend(report, 1) = value; }
void report_u32(struct report *report, uint32_t value) { write_little_endian(extend(report, 4), value, 4); }
void report_u64(struct report *report, uint64_t value) { write_little_endian(extend(report, 8), value, 8); }

void report_string(struct report *report, const char *text) {
  size_t length = strlen(text);
  report_u32(report, (uint32_t)length);
  memcpy(extend(report, length), text, length);
}

void report_start_failed(struct report *report, uint64_t entity, int error, enum start_stage stage) {
  report_begin(report, START_FAILED, entity);
  report_u32(report, (uint32_t)error);
  report_u8(report, (uint8_t)stage);
}

void report_exited(struct report *report, uint64_t entity, enum end_kind end, int code, bool core) {
  report_begin(report, EXITED, entity);
  report_u8(report, (uint8_t)end);
  report_u32(report, (uint32_t)code);
  report_u8(report, core);
}

enum report_kind report_kind(const struct report *report) { return report->bytes[LENGTH_SIZE]; }

uint32_t report_first_u32(const struct report *report) {
  if (report->size < FIRST_FIELD_AT + 4) return 0;
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | report->bytes[FIRST_FIELD_AT + i];
  return value;
}
