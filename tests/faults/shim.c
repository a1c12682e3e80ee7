/* Makes the Nth file operation of a process fail, fall short, or be its last.
 *
 * Loaded with LD_PRELOAD, so that it stands before the C library for Python and for SQLite
 * alike. It counts what changes the disk below one folder; other paths pass untouched. Whose
 * file a descriptor is, the kernel says (/proc/self/fd): no table of open files that `dup`,
 * a second thread or a fork could put out of date. The numbers lie in memory shared with the
 * process that forked, which can read them after this one was killed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { COUNT, FAIL, SHORT, KILL };
enum when { BEFORE, AFTER, TORN };
enum act { PASS, REFUSE, HALF, DO_AND_FAIL, DO_AND_DIE, HALF_AND_DIE };

struct state {
    int armed, kind, when, error, sticky, reads, fired;
    long at, count;
    char root[PATH_MAX], struck[PATH_MAX + 64];
};

static struct state *shared;

__attribute__((constructor)) static void prepare(void) {
    void *page = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = page == MAP_FAILED ? NULL : page;
}

void fault_arm(const char *root, long at, int kind, int when, int error, int sticky, int reads) {
    memset(shared, 0, sizeof *shared);
    snprintf(shared->root, sizeof shared->root, "%s", root);
    shared->at = at;
    shared->kind = kind;
    shared->when = when;
    shared->error = error;
    shared->sticky = sticky;
    shared->reads = reads;
    __atomic_store_n(&shared->armed, 1, __ATOMIC_SEQ_CST);
}

void fault_disarm(void) { __atomic_store_n(&shared->armed, 0, __ATOMIC_SEQ_CST); }
long fault_count(void) { return __atomic_load_n(&shared->count, __ATOMIC_SEQ_CST); }
int fault_fired(void) { return __atomic_load_n(&shared->fired, __ATOMIC_SEQ_CST); }
const char *fault_struck(void) { return shared->struck; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int below_root(const char *path) {
    size_t length = strlen(shared->root);
    return strncmp(path, shared->root, length) == 0 && (path[length] == '/' || !path[length]);
}

static int path_of_fd(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, out, PATH_MAX - 1);
    if (length < 0) return 0;
    out[length] = 0;
    return 1;
}

static int path_at(int folder, const char *name, char *out) {
    char base[PATH_MAX];
    if (name[0] == '/') {
        snprintf(out, PATH_MAX, "%s", name);
        return 1;
    }
    if (folder == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of_fd(folder, base)) return 0;
    return snprintf(out, PATH_MAX, "%s/%s", base, name) < PATH_MAX;
}

static int frees(const char *what) {
    return !strncmp(what, "unlink", 6) || !strcmp(what, "rmdir") || strstr(what, "truncate");
}

static enum act strike(const char *what, const char *path) {
    if (!below_root(path)) return PASS;
    long number = __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST);
    if (shared->kind == COUNT || number < shared->at) return PASS;
    if (number > shared->at && !shared->sticky) return PASS;
    if (!__atomic_exchange_n(&shared->fired, 1, __ATOMIC_SEQ_CST))
        snprintf(shared->struck, sizeof shared->struck, "%s %s", what,
                 path + strlen(shared->root));
    if (shared->kind == SHORT) return HALF;
    if (shared->error == ENOSPC && frees(what)) return PASS; /* a full disk lets go of things */
    if (shared->kind == FAIL) return shared->when == AFTER ? DO_AND_FAIL : REFUSE;
    if (shared->when == BEFORE) die();
    return shared->when == TORN ? HALF_AND_DIE : DO_AND_DIE;
}

static int idle(void) { return !shared || !__atomic_load_n(&shared->armed, __ATOMIC_SEQ_CST); }

static enum act on_fd(const char *what, int fd) {
    char path[PATH_MAX];
    int saved = errno;
    enum act act = !idle() && path_of_fd(fd, path) ? strike(what, path) : PASS;
    errno = saved;
    return act;
}

static enum act on_path(const char *what, int folder, const char *name) {
    char path[PATH_MAX];
    int saved = errno;
    enum act act = !idle() && path_at(folder, name, path) ? strike(what, path) : PASS;
    errno = saved;
    return act;
}

static long refuse(void) {
    errno = shared->error;
    return -1;
}

/* What the caller is told of a call that took place. */
static long told(enum act act, long result) {
    if (act == DO_AND_DIE || act == HALF_AND_DIE) die();
    return act == DO_AND_FAIL ? refuse() : result;
}

static size_t part(enum act act, size_t size) {
    return (act == HALF || act == HALF_AND_DIE) && size > 1 ? size / 2 : size;
}

#define REAL(type, name, ...)                                                 \
    static type (*real)(__VA_ARGS__);                                         \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define PATH_CALL(name, arguments, types, folder, path, call)                 \
    int name arguments {                                                      \
        REAL(int, #name, types);                                              \
        enum act act = on_path(#name, folder, path);                          \
        return act == REFUSE ? (int)refuse() : (int)told(act, real call);     \
    }
#define TYPES(...) __VA_ARGS__

PATH_CALL(rename, (const char *a, const char *b), TYPES(const char *, const char *), AT_FDCWD, b, (a, b))
PATH_CALL(renameat, (int d, const char *a, int e, const char *b),
          TYPES(int, const char *, int, const char *), e, b, (d, a, e, b))
PATH_CALL(renameat2, (int d, const char *a, int e, const char *b, unsigned f),
          TYPES(int, const char *, int, const char *, unsigned), e, b, (d, a, e, b, f))
PATH_CALL(link, (const char *a, const char *b), TYPES(const char *, const char *), AT_FDCWD, b, (a, b))
PATH_CALL(linkat, (int d, const char *a, int e, const char *b, int f),
          TYPES(int, const char *, int, const char *, int), e, b, (d, a, e, b, f))
PATH_CALL(unlink, (const char *a), TYPES(const char *), AT_FDCWD, a, (a))
PATH_CALL(unlinkat, (int d, const char *a, int f), TYPES(int, const char *, int), d, a, (d, a, f))
PATH_CALL(rmdir, (const char *a), TYPES(const char *), AT_FDCWD, a, (a))
PATH_CALL(mkdir, (const char *a, mode_t m), TYPES(const char *, mode_t), AT_FDCWD, a, (a, m))
PATH_CALL(mkdirat, (int d, const char *a, mode_t m), TYPES(int, const char *, mode_t), d, a, (d, a, m))
PATH_CALL(truncate, (const char *a, off_t n), TYPES(const char *, off_t), AT_FDCWD, a, (a, n))
PATH_CALL(truncate64, (const char *a, off64_t n), TYPES(const char *, off64_t), AT_FDCWD, a, (a, n))

#define FD_CALL(name, arguments, types, fd, call)                             \
    int name arguments {                                                      \
        REAL(int, #name, types);                                              \
        enum act act = on_fd(#name, fd);                                      \
        return act == REFUSE ? (int)refuse() : (int)told(act, real call);     \
    }

FD_CALL(fsync, (int fd), TYPES(int), fd, (fd))
FD_CALL(fdatasync, (int fd), TYPES(int), fd, (fd))
FD_CALL(ftruncate, (int fd, off_t n), TYPES(int, off_t), fd, (fd, n))
FD_CALL(ftruncate64, (int fd, off64_t n), TYPES(int, off64_t), fd, (fd, n))

#define DATA_CALL(name, arguments, types, fd, call)                           \
    ssize_t name arguments {                                                  \
        REAL(ssize_t, #name, types);                                          \
        enum act act = on_fd(#name, fd);                                      \
        return act == REFUSE ? refuse() : told(act, real call);               \
    }

DATA_CALL(write, (int fd, const void *b, size_t n), TYPES(int, const void *, size_t), fd,
          (fd, b, part(act, n)))
DATA_CALL(pwrite, (int fd, const void *b, size_t n, off_t o),
          TYPES(int, const void *, size_t, off_t), fd, (fd, b, part(act, n), o))
DATA_CALL(pwrite64, (int fd, const void *b, size_t n, off64_t o),
          TYPES(int, const void *, size_t, off64_t), fd, (fd, b, part(act, n), o))
DATA_CALL(writev, (int fd, const struct iovec *v, int n),
          TYPES(int, const struct iovec *, int), fd, (fd, v, (int)part(act, (size_t)n)))
DATA_CALL(pwritev, (int fd, const struct iovec *v, int n, off_t o),
          TYPES(int, const struct iovec *, int, off_t), fd, (fd, v, (int)part(act, (size_t)n), o))
DATA_CALL(sendfile, (int to, int from, off_t *o, size_t n), TYPES(int, int, off_t *, size_t), to,
          (to, from, o, part(act, n)))
DATA_CALL(sendfile64, (int to, int from, off64_t *o, size_t n),
          TYPES(int, int, off64_t *, size_t), to, (to, from, o, part(act, n)))
DATA_CALL(copy_file_range, (int from, off64_t *a, int to, off64_t *b, size_t n, unsigned f),
          TYPES(int, off64_t *, int, off64_t *, size_t, unsigned), to,
          (from, a, to, b, part(act, n), f))

/* Reads count only when asked for: they change nothing, but a bad sector fails them. */
#define READ_CALL(name, arguments, types, fd, call)                           \
    ssize_t name arguments {                                                  \
        REAL(ssize_t, #name, types);                                          \
        enum act act = !idle() && shared->reads ? on_fd(#name, fd) : PASS;    \
        return act == REFUSE ? refuse() : told(act, real call);               \
    }

READ_CALL(read, (int fd, void *b, size_t n), TYPES(int, void *, size_t), fd, (fd, b, part(act, n)))
READ_CALL(pread, (int fd, void *b, size_t n, off_t o), TYPES(int, void *, size_t, off_t), fd,
          (fd, b, part(act, n), o))
READ_CALL(pread64, (int fd, void *b, size_t n, off64_t o), TYPES(int, void *, size_t, off64_t), fd,
          (fd, b, part(act, n), o))

static int writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

#define OPEN_CALL(name, first, types, folder, call)                           \
    int name(first const char *path, int flags, ...) {                        \
        REAL(int, #name, types);                                              \
        mode_t mode = 0;                                                      \
        if (flags & (O_CREAT | O_TMPFILE)) {                                  \
            va_list rest;                                                     \
            va_start(rest, flags);                                            \
            mode = va_arg(rest, mode_t);                                      \
            va_end(rest);                                                     \
        }                                                                     \
        enum act act = writes(flags) ? on_path(#name, folder, path) : PASS;   \
        if (act == REFUSE) return (int)refuse();                              \
        int fd = real call;                                                   \
        if (act == DO_AND_FAIL && fd >= 0) close(fd);                         \
        return (int)told(act, fd);                                            \
    }
#define FOLDER int folder,

OPEN_CALL(open, , TYPES(const char *, int, ...), AT_FDCWD, (path, flags, mode))
OPEN_CALL(open64, , TYPES(const char *, int, ...), AT_FDCWD, (path, flags, mode))
OPEN_CALL(openat, FOLDER, TYPES(int, const char *, int, ...), folder, (folder, path, flags, mode))
OPEN_CALL(openat64, FOLDER, TYPES(int, const char *, int, ...), folder, (folder, path, flags, mode))
