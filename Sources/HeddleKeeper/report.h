#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocol.h"

/// One report, being written: a whole frame, its length field always up to date.
struct report {
  size_t size;
  uint8_t bytes[REPORT_MAX];
};

/// Begins a report about `entity`; 0 for the kinds that speak of none.
void report_begin(struct report *report, enum report_kind kind, uint64_t entity);
void report_u8(struct report *report, uint8_t value);
void report_u32(struct report *report, uint32_t value);
void report_u64(struct report *report, uint64_t value);
/// Adds `text` as a string.
void report_string(struct report *report, const char *text);

/// Whole reports, of the kinds that both keeper and wardens make.
void report_start_failed(struct report *report, uint64_t entity, int error, enum start_stage stage);
void report_exited(struct report *report, uint64_t entity, enum end_kind end, int code, bool core);

/// The kind of a whole frame.
enum report_kind report_kind(const struct report *report);
/// The u32 that follows the entity; 0 in a frame without one.
uint32_t report_first_u32(const struct report *report);
