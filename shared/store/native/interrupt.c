/*
** Ends statements of a connection from outside: at a deadline, or when another thread asks for it.
**
** better-sqlite3 holds its thread while a statement runs and has no call for sqlite3_interrupt(), so a watchdog thread
** makes that call. Two entry points, so that no SQL that runs on a watched connection can arm or interrupt anything:
**
**   weftkit_watched_init    on a connection that may be interrupted: weftkit_watch_token() names it
**   weftkit_control_init    on a private in-memory connection:
**     weftkit_watch_arm(token, ms)    its work begins, and is interrupted after ms (none when negative)
**     weftkit_watch_disarm(token)     its work has ended; gives what interrupted it: bit 0 deadline, bit 1 cancel
**     weftkit_watch_cancel(token)     interrupts the work under way; 0 when there is none
**
** A connection that closes runs the destructor of its function, which takes it off the list under the same mutex that
** every sqlite3_interrupt() is called under: none is ever called on a connection that is gone.
*/
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1

#define DEADLINE 1
#define CANCEL 2
#define NEVER INT64_MAX
/* An interrupt that comes between two statements is forgotten by SQLite, so it is repeated until the work has ended. */
#define REPEAT_NS 500000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

typedef struct Watched {
  sqlite3 *db;
  sqlite3_int64 token;
  int64_t due;   /* monotonic ns, or NEVER */
  int armed;
  int why;       /* what has interrupted the work */
  int reason;    /* what will, when it is due */
  struct Watched *next;
} Watched;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static Watched *first;
static sqlite3_int64 lastToken;
static int64_t wakesAt = NEVER;
static int started;

static int64_t nowNs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void waitUntil(int64_t due) {
  if (due == NEVER) {
    pthread_cond_wait(&changed, &mutex);
    return;
  }
#ifdef __APPLE__
  int64_t left = due - nowNs();
  struct timespec t = {left > 0 ? left / NS_PER_S : 0, left > 0 ? left % NS_PER_S : 0};
  pthread_cond_timedwait_relative_np(&changed, &mutex, &t);
#else
  struct timespec t = {due / NS_PER_S, due % NS_PER_S};
  pthread_cond_timedwait(&changed, &mutex, &t);
#endif
}

static void *watchdog(void *unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  for (;;) {
    int64_t now = nowNs();
    wakesAt = NEVER;
    for (Watched *w = first; w; w = w->next) {
      if (w->due <= now) {
        w->why |= w->reason;
        w->due = now + REPEAT_NS;
        sqlite3_interrupt(w->db);
      }
      if (w->due < wakesAt) wakesAt = w->due;
    }
    waitUntil(wakesAt);
  }
  return 0;
}

/* Called with the mutex held; 0 when no thread can be had. */
static int start(void) {
  if (started) return 1;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
#ifndef __APPLE__
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
#endif
  pthread_cond_init(&changed, &clock);
  pthread_condattr_destroy(&clock);
  pthread_t thread;
  if (pthread_create(&thread, 0, watchdog, 0) != 0) return 0;
  pthread_detach(thread);
  started = 1;
  return 1;
}

static Watched *find(sqlite3_int64 token) {
  Watched *w = first;
  while (w && w->token != token) w = w->next;
  return w;
}

static void setDue(Watched *w, int64_t due, int reason) {
  w->due = due;
  w->reason = reason;
  if (due < wakesAt) pthread_cond_signal(&changed);
}

static void arm(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  sqlite3_int64 ms = sqlite3_value_int64(values[1]);
  pthread_mutex_lock(&mutex);
  Watched *w = find(sqlite3_value_int64(values[0]));
  if (w) {
    w->armed = 1;
    w->why = 0;
    setDue(w, ms < 0 || ms > NEVER / 4 / NS_PER_MS ? NEVER : nowNs() + ms * NS_PER_MS, DEADLINE);
  }
  pthread_mutex_unlock(&mutex);
  sqlite3_result_int(context, w != 0);
}

static void disarm(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  int why = 0;
  pthread_mutex_lock(&mutex);
  Watched *w = find(sqlite3_value_int64(values[0]));
  if (w) {
    why = w->why;
    w->armed = 0;
    w->due = NEVER;
  }
  pthread_mutex_unlock(&mutex);
  sqlite3_result_int(context, why);
}

static void cancel(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  pthread_mutex_lock(&mutex);
  Watched *w = find(sqlite3_value_int64(values[0]));
  int running = w && w->armed;
  if (running) setDue(w, nowNs(), CANCEL);
  pthread_mutex_unlock(&mutex);
  sqlite3_result_int(context, running);
}

static void token(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  (void)values;
  sqlite3_result_int64(context, ((Watched *)sqlite3_user_data(context))->token);
}

static void forget(void *watched) {
  pthread_mutex_lock(&mutex);
  for (Watched **link = &first; *link; link = &(*link)->next) {
    if (*link == watched) {
      *link = (*link)->next;
      break;
    }
  }
  pthread_mutex_unlock(&mutex);
  free(watched);
}

/* Permanent: were the library unloaded with the last connection, the watchdog would run on in nothing. */
int weftkit_watched_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api)
  (void)message;
  Watched *w = calloc(1, sizeof *w);
  if (!w) return SQLITE_NOMEM;
  w->db = db;
  w->due = NEVER;
  pthread_mutex_lock(&mutex);
  int running = start();
  w->token = ++lastToken;
  w->next = first;
  first = w;
  pthread_mutex_unlock(&mutex);
  /* When this fails SQLite calls forget() itself. */
  int rc = sqlite3_create_function_v2(db, "weftkit_watch_token", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, w, token, 0, 0, forget);
  if (rc != SQLITE_OK) return rc;
  return running ? SQLITE_OK_LOAD_PERMANENTLY : SQLITE_ERROR;
}

int weftkit_control_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api)
  (void)message;
  int rc = sqlite3_create_function(db, "weftkit_watch_arm", 2, SQLITE_UTF8, 0, arm, 0, 0);
  if (rc == SQLITE_OK) rc = sqlite3_create_function(db, "weftkit_watch_disarm", 1, SQLITE_UTF8, 0, disarm, 0, 0);
  if (rc == SQLITE_OK) rc = sqlite3_create_function(db, "weftkit_watch_cancel", 1, SQLITE_UTF8, 0, cancel, 0, 0);
  return rc == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
