/// The protocol between the daemon and its keeper, byte by byte.
///
/// It runs over one AF_UNIX SOCK_STREAM socket pair; the keeper's end is its descriptor 3. Both ways go frames:
///
///   u32 length of what follows, u8 kind, fields
///
/// Integers are little-endian. A *string* is a u32 length and that many bytes; a *list* is a u32 count and its items.
/// An *entity* is a u64 that the daemon chooses and never uses twice; 0 is none.
///
/// Requests, daemon to keeper:
///
///   START    entity, u8 stdin, u8 flags, u8 connection, u32 umask, string directory, list of strings arguments, list of
///            strings environment ("K=V"), list of (u8 limited, u64 most) limits. argv[0] is looked up in the PATH of that
///            environment, from that directory. A limit is setrlimit(2)'s, hard and soft; all ones is none. A connection is
///            a socket that comes with the frame's first byte (SCM_RIGHTS), and is the program's alone from then on, with
///            O_NONBLOCK cleared: 1 makes it its descriptors 0 and 1, 3 to 255 the one of that number; 0: there is none.
///   SUSPEND  entity, u64 generation
///   RESUME   entity, u64 generation
///   SIGNAL   entity, u32 signal: to the program's process group, as long as the program is not reaped
///   KILL     entity: the whole tree
///   GUARD    entity: from now on the tree stands still from the deadline on, at once if that has passed
///   ARM      u64 deadline, in nanoseconds of CLOCK_BOOTTIME, clock_gettime(2): that of all guarded trees; all ones: never
///   FENCE    entity: the tree stands still
///   UNFENCE  entity: undoes FENCE, and a stop at a deadline
///
/// A tree stands still while it is suspended or fenced, and each is undone by itself. A deadline that passes fences all
/// guarded trees. A later one lets none of them go: each is then to be unfenced. While a deadline is past, an UNFENCE of a
/// guarded tree has no effect, since it could have been held up until then.
///
/// Deadlines come before orders: a keeper that was stopped, or slow, fences first, and then takes an ARM of a later one.
/// Wardens know the deadline too, and stop their trees by themselves, also while the keeper is stopped. With cgroups
/// there are none, and nobody else does.
///
/// An order to an entity that is over, or that never was, is ignored: it crossed with the report. Of several SUSPEND and
/// RESUME to one entity, one that a later one overtakes may go unreported; the latest is reported, unless the tree ends.
///
/// Reports, keeper to daemon:
///
///   HELLO        u32 version, string build id, string rung of containment, string place, string reasons. The first frame.
///                If the keeper is gone, writing "1" to `cgroup.kill` in `place` ends all trees; "": nothing more is to be
///                done. The reasons say why better rungs were not chosen; "": there were none.
///   UNUSABLE     string reason: the containment that was asked for can't be had. Instead of HELLO; then the keeper exits.
///   STARTED      entity, u32 pid, u32 warden's pid (0: it has none), u8 number of descriptors. The same sendmsg(2) carries
///                them (SCM_RIGHTS): the write end of standard input if it is a pipe, the read end of standard output
///                unless that is a connection, the read end of standard error, one end of a stream socket pair whose other
///                is the program's descriptor 3 if it has a channel; O_CLOEXEC and O_NONBLOCK are set. A warden is the
///                keeper's child, and the ancestor of every process of its tree as long as it lives.
///   START_FAILED entity, u32 errno, u8 stage. The last word about this entity.
///   SUSPENDED    entity, u64 generation: every process of the tree was seen stopped.
///   RESUMED      entity, u64 generation: it is suspended no more. Of a fenced tree that is said at once.
///   EXITED       entity, u8 end, u32 code, u8 core: the program itself was reaped.
///   EMPTY        entity, u32 total, list of (u32 pid, string name, u8 other session): the tree has no process left. The
///                last word about this entity, once for each STARTED. `total` counts the processes besides the program
///                that were killed, or that were there when the kill was ordered; the list names the first
///                STRAGGLERS_MAX of them. After the loss of a warden both are empty, since nobody knows whose orphans
///                they were.
///   FENCED       The deadline has passed, and all guarded trees were told to stop. Once for each ARM whose deadline passes
///                before the next one is taken.
///   FAULT        string reason: the daemon broke this protocol. All trees are ended and reported, then the keeper exits.
#pragma once

#define PROTOCOL_VERSION 5u
/// Must be the same in daemon and keeper (KeeperProtocol.buildID in Swift).
#define BUILD_ID "heddle 0.1.0"

/// The largest value of a frame's length field in a request: what the kernel takes for argv and environment (ARG_MAX).
#define REQUEST_MAX (2u << 20)
/// The largest whole frame of a report, in bytes.
#define REPORT_MAX 4096u
#define STRAGGLERS_MAX 64u
/// The longest text of reasons, with its NUL.
#define REASONS_MAX 2048u
/// The longest that a program may take to be executed: a file system that hangs would keep it, and its orders, waiting.
#define START_SECONDS_MAX 10u
#define DAEMON_FD 3

enum request_kind {
  START = 0x01,
  SUSPEND = 0x02,
  RESUME = 0x03,
  SIGNAL = 0x04,
  KILL = 0x05,
  GUARD = 0x06,
  ARM = 0x07,
  FENCE = 0x08,
  UNFENCE = 0x09,
};

enum report_kind {
  HELLO = 0x81,
  STARTED = 0x82,
  START_FAILED = 0x83,
  SUSPENDED = 0x84,
  RESUMED = 0x85,
  EXITED = 0x86,
  EMPTY = 0x87,
  FAULT = 0x88,
  UNUSABLE = 0x89,
  FENCED = 0x8A,
};

enum stdin_mode { STDIN_NULL = 0, STDIN_PIPE = 1 };

/// CHANNEL: the program has a descriptor 3. GUARDED: as by GUARD, from before the first instruction; begun after the
/// deadline, it is STARTED and stands still there.
enum start_flags { LINGER = 1, ALLOW_SETUID = 2, CHANNEL = 4, GUARDED = 8 };

/// Where a program has its connection, or the number of that descriptor.
enum connection_place { NO_CONNECTION = 0, STANDARD_STREAMS = 1, PLACE_FIRST = 3, PLACE_LAST = 255 };

/// What a limit is of: open descriptors; processes of the user; address space, in bytes; processor time, in seconds, with
/// SIGXCPU at it and SIGKILL a second later; a core file, in bytes.
enum limited { LIMIT_NOFILE = 1, LIMIT_NPROC = 2, LIMIT_AS = 3, LIMIT_CPU = 4, LIMIT_CORE = 5 };

/// Where a start failed.
enum start_stage {
  STAGE_PIPE = 1,    // making the descriptors
  STAGE_WARDEN = 2,  // forking the warden, or making its namespace; EOWNERDEAD: the warden was killed meanwhile
  STAGE_FORK = 3,    // forking the program, into its cgroup if it has one
  STAGE_SETUP = 4,   // session, privileges, death signal
  STAGE_CHDIR = 5,
  STAGE_EXEC = 6,  // ETIMEDOUT: START_SECONDS_MAX passed, or it was killed before
  STAGE_LIMITS = 7,
};

/// How a program ended. END_LOST: nobody can say, since its warden was killed after reaping it and before saying how, or
/// before the keeper had even read that it started; the code is 0.
enum end_kind { END_EXIT = 0, END_SIGNAL = 1, END_LOST = 2 };

/// The exit status of a keeper: its daemon went away, could not be served, or broke the protocol.
enum keeper_status { STATUS_DONE = 0, STATUS_UNUSABLE = 1, STATUS_FAULT = 2, STATUS_NO_MEMORY = 3 };
