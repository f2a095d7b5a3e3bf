#pragma once
#include <stdint.h>

/// epoll(7), as a thing that can't fail: only want of memory could make it, and then nothing could be promised any more.
/// `whose` comes back with the event.
void loop_watch(int fd, uint32_t events, void *whose);
void loop_change(int fd, uint32_t events, void *whose);
void loop_forget(int fd);
