/* Preloaded into a process, moves its wall clock by what a file says, while it runs; the monotonic clock stays.
 *
 * MANDIBLE_TEST_CLOCK names the file: one int64, seconds. A wait until an instant of the wall clock is turned back
 * to the real one, so that only the jump is simulated and not its effect on waits that had begun. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead_s(void)
{
    static const volatile int64_t *shared;
    if (shared == NULL) {
        const char *path = getenv("MANDIBLE_TEST_CLOCK");
        const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, file, 0);
        if (mapped == MAP_FAILED) {
            abort();
        }
        close(file);
        shared = mapped;
    }
    return *shared;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    const int failed = real(clock, now);
    if (failed == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += ahead_s();
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (result != NULL) {
        *result = exact.tv_sec;
    }
    return exact.tv_sec;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    static int (*real)(sem_t *, const struct timespec *);
    if (real == NULL) {
        real = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    }
    const struct timespec really = {.tv_sec = until->tv_sec - ahead_s(), .tv_nsec = until->tv_nsec};
    return real(semaphore, &really);
}
