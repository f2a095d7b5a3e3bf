#pragma once
#include <stddef.h>

/// Memory that children do not get: zero, in whole pages, and never given back. NULL: there is none.
///
/// What a child got it would keep as it was: of each page, its own copy, from the moment in which either of the two writes
/// to it. A child that touches this memory gets SIGSEGV.
void *private_pages(size_t size);
