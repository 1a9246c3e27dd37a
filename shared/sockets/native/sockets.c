/*
** TCP connections without a call between C and JavaScript for each of them: all that became readable is read in one call,
** all replies of a turn are sent in one. Node's own streams cost more per request than the command does.
**
** The module is a function `open(onReady, input, events, output)` that gives an object of functions:
**
**   add(fd)              takes a copy of a connected socket's descriptor; gives its id, or a negative errno
**   receive()            reads what is there into `input`; gives the number of rows in `events` (id, start, length):
**                        start >= 0 are bytes of `input` (length 0: the other side sends no more; < 0: a negative errno);
**                        start < 0 says that a connection which waited for room can be written to
**   send(buffer, rows)   sends rows of `output` (id, start, length) of a buffer; gives the number of rows that the kernel
**                        did not take whole, and puts what is left of them at the front of `output` (length < 0: a negative
**                        errno)
**   watch(id, read, write)   what `receive` is to tell of a connection
**   shutdown(id)         tells the other side that nothing more is sent; gives 0 or a negative errno
**   close(id, gracefully)    closes it; gracefully: after what was sent, and an end of stream
**   end()                closes all of them and the poller
**
** onReady() is called from the event loop, and should call receive(). One epoll instance holds the connections, and the
** event loop polls that instance. A row in `events` never names a connection that was closed before receive(), and
** an id is not given again while rows that name it can be about: connections are added from the event loop only.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAPI_VERSION 8
#include <node_api.h>

/* The part of libuv's stable interface that is used, as Node exports it: its headers do not come with node_api.h. */
struct uv_loop_s;
typedef struct uv_handle uv_handle;
typedef void (*uv_poll_callback)(uv_handle *handle, int status, int events);
typedef void (*uv_close_callback)(uv_handle *handle);
extern size_t uv_handle_size(int type);
extern int uv_poll_init(struct uv_loop_s *loop, uv_handle *handle, int fd);
extern int uv_poll_start(uv_handle *handle, int events, uv_poll_callback callback);
extern void uv_close(uv_handle *handle, uv_close_callback callback);
extern void uv_ref(uv_handle *handle);
extern void uv_unref(uv_handle *handle);
extern void uv_handle_set_data(uv_handle *handle, void *data);
extern void *uv_handle_get_data(const uv_handle *handle);
#define UV_POLL_TYPE 8
#define UV_READABLE_EVENT 1

/* The most that one connection may put into `input` at a time: the others have their turn. */
#define READ_BYTES_MAX (64u << 10)
/* With less room than this no further connection is read. */
#define READ_BYTES_MIN (16u << 10)
#define EVENTS_MAX 256
#define ROW_INTS 3
#define WRITABLE -1

typedef struct {
  int fd;              /* -1 while the slot is free */
  uint32_t generation; /* tells a connection from an earlier one in its slot */
  uint32_t interest;   /* EPOLLIN, EPOLLOUT; 0: not in the epoll instance */
  uint32_t fullIn;     /* the number of the `send` in which the kernel had no more room */
  int32_t nextFree;
} Connection;

typedef struct {
  napi_env env;
  napi_ref callback;
  napi_ref pinned[3]; /* input, events, output: their memory is used between calls */
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  uv_handle *poll; /* NULL once the poller has been ended */
  bool isClosed;   /* and libuv has let go of it */
  bool isEnvEnding;
  int epoll;
  uint8_t *input;
  size_t inputBytes;
  int32_t *rows;
  size_t rowsMax;
  int32_t *output;
  size_t outputRowsMax;
  Connection *connections;
  int32_t capacity;
  int32_t freeHead;
  int32_t count;
  uint32_t sends;
  int ready, next; /* of what epoll_wait gave last */
  struct epoll_event events[EVENTS_MAX];
} Poller;

static napi_value integer(napi_env env, int32_t value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

static napi_value failure(napi_env env, const char *message) {
  napi_throw_error(env, NULL, message);
  return NULL;
}

/* The arguments of a call and the poller that it is for; NULL when some are missing, or the poller has been ended. */
static Poller *arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  Poller *poller;
  size_t given = count;
  napi_get_cb_info(env, info, &given, values, NULL, (void **)&poller);
  return given < count || poller->poll == NULL ? NULL : poller;
}

static Connection *find(Poller *poller, int32_t id) {
  if (id < 0 || id >= poller->capacity || poller->connections[id].fd < 0) return NULL;
  return &poller->connections[id];
}

static int setInterest(Poller *poller, int32_t id, uint32_t interest) {
  Connection *connection = &poller->connections[id];
  if (interest == connection->interest) return 0;
  struct epoll_event event = {
    .events = interest,
    .data.u64 = (uint64_t)connection->generation << 32 | (uint32_t)id,
  };
  /* Without interest it leaves the instance: a broken connection is reported again and again as long as it is in. */
  int operation = interest == 0 ? EPOLL_CTL_DEL : connection->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(poller->epoll, operation, connection->fd, &event) != 0) return -errno;
  connection->interest = interest;
  return 0;
}

static void release(Poller *poller, int32_t id) {
  Connection *connection = &poller->connections[id];
  setInterest(poller, id, 0);
  close(connection->fd);
  connection->fd = -1;
  connection->interest = 0;
  connection->generation++;
  connection->nextFree = poller->freeHead;
  poller->freeHead = id;
  if (--poller->count == 0 && poller->poll != NULL) uv_unref(poller->poll);
}

static bool grow(Poller *poller) {
  int32_t capacity = poller->capacity == 0 ? 64 : poller->capacity * 2;
  Connection *larger = realloc(poller->connections, (size_t)capacity * sizeof *larger);
  if (larger == NULL) return false;
  for (int32_t id = capacity - 1; id >= poller->capacity; id--) {
    larger[id] = (Connection){ .fd = -1, .nextFree = poller->freeHead };
    poller->freeHead = id;
  }
  poller->connections = larger;
  poller->capacity = capacity;
  return true;
}

static napi_value add(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  Poller *poller = arguments(env, info, 1, values);
  if (poller == NULL || napi_get_value_int32(env, values[0], &fd) != napi_ok) return failure(env, "add(fd)");
  if (poller->freeHead < 0 && !grow(poller)) return integer(env, -ENOMEM);
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return integer(env, -errno);
  int flags = fcntl(own, F_GETFL);
  int32_t id = poller->freeHead;
  Connection *connection = &poller->connections[id];
  poller->freeHead = connection->nextFree;
  connection->fd = own;
  if (poller->count++ == 0) uv_ref(poller->poll);
  int error = fcntl(own, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : setInterest(poller, id, EPOLLIN);
  if (error != 0) {
    release(poller, id);
    return integer(env, error);
  }
  return integer(env, id);
}

static void addRow(int32_t *row, int32_t id, int32_t start, int32_t length) {
  row[0] = id;
  row[1] = start;
  row[2] = length;
}

static napi_value receive(napi_env env, napi_callback_info info) {
  Poller *poller = arguments(env, info, 0, NULL);
  if (poller == NULL) return integer(env, 0);
  if (poller->next == poller->ready) {
    int ready = epoll_wait(poller->epoll, poller->events, EVENTS_MAX, 0);
    poller->ready = ready < 0 ? 0 : ready;
    poller->next = 0;
  }
  size_t used = 0, rows = 0;
  /* A connection can be readable and writable. */
  while (poller->next < poller->ready && rows + 2 <= poller->rowsMax && poller->inputBytes - used >= READ_BYTES_MIN) {
    struct epoll_event *event = &poller->events[poller->next++];
    int32_t id = (int32_t)(uint32_t)event->data.u64;
    Connection *connection = find(poller, id);
    /* It was closed, and perhaps another one took its slot, since epoll_wait told of it. */
    if (connection == NULL || connection->generation != (uint32_t)(event->data.u64 >> 32)) continue;
    bool isBroken = (event->events & (EPOLLHUP | EPOLLERR)) != 0;
    if ((connection->interest & EPOLLOUT) != 0 && (isBroken || (event->events & EPOLLOUT) != 0))
      addRow(&poller->rows[rows++ * ROW_INTS], id, WRITABLE, 0);
    if ((connection->interest & EPOLLIN) != 0 && (isBroken || (event->events & EPOLLIN) != 0)) {
      size_t room = poller->inputBytes - used;
      ssize_t got = recv(connection->fd, poller->input + used, room < READ_BYTES_MAX ? room : READ_BYTES_MAX, 0);
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) continue;
      addRow(&poller->rows[rows++ * ROW_INTS], id, (int32_t)used, got < 0 ? -errno : (int32_t)got);
      if (got > 0) used += (size_t)got;
      /* Nothing more can come, and the instance would tell of that for ever. */
      else setInterest(poller, id, connection->interest & ~(uint32_t)EPOLLIN);
    }
  }
  return integer(env, (int32_t)rows);
}

/* The bytes that the kernel took, or a negative errno. */
static int32_t sendRange(int fd, const uint8_t *bytes, size_t length) {
  ssize_t sent;
  do sent = send(fd, bytes, length, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) return (int32_t)sent;
  return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

static napi_value sendRows(napi_env env, napi_callback_info info) {
  napi_value values[2];
  uint8_t *bytes;
  size_t length;
  uint32_t rows;
  Poller *poller = arguments(env, info, 2, values);
  if (poller == NULL || napi_get_buffer_info(env, values[0], (void **)&bytes, &length) != napi_ok ||
      napi_get_value_uint32(env, values[1], &rows) != napi_ok || rows > poller->outputRowsMax)
    return failure(env, "send(buffer, rows)");
  size_t left = 0;
  poller->sends++;
  for (uint32_t i = 0; i < rows; i++) {
    int32_t *row = &poller->output[i * ROW_INTS];
    int32_t id = row[0], start = row[1], wanted = row[2];
    Connection *connection = find(poller, id);
    if (start < 0 || wanted < 0 || (size_t)start > length || (size_t)wanted > length - (size_t)start)
      return failure(env, "send: a row outside of the buffer");
    int32_t sent = -EBADF;
    /* Room that has come since then is not for what stands behind the rest. */
    if (connection != NULL)
      sent = connection->fullIn == poller->sends ? 0 : sendRange(connection->fd, bytes + start, (size_t)wanted);
    if (sent == wanted) continue;
    if (connection != NULL) connection->fullIn = poller->sends;
    int32_t *rest = &poller->output[left++ * ROW_INTS];
    addRow(rest, id, sent < 0 ? start : start + sent, sent < 0 ? sent : wanted - sent);
  }
  return integer(env, (int32_t)left);
}

static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int32_t id;
  bool isReading, isWriting;
  Poller *poller = arguments(env, info, 3, values);
  if (poller == NULL || napi_get_value_int32(env, values[0], &id) != napi_ok ||
      napi_get_value_bool(env, values[1], &isReading) != napi_ok ||
      napi_get_value_bool(env, values[2], &isWriting) != napi_ok)
    return failure(env, "watch(id, read, write)");
  if (find(poller, id) == NULL) return integer(env, -EBADF);
  return integer(env, setInterest(poller, id, (isReading ? EPOLLIN : 0u) | (isWriting ? EPOLLOUT : 0u)));
}

static napi_value shutdownWriting(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t id;
  Poller *poller = arguments(env, info, 1, values);
  if (poller == NULL || napi_get_value_int32(env, values[0], &id) != napi_ok) return failure(env, "shutdown(id)");
  Connection *connection = find(poller, id);
  if (connection == NULL) return integer(env, -EBADF);
  return integer(env, shutdown(connection->fd, SHUT_WR) == 0 ? 0 : -errno);
}

static napi_value closeConnection(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t id;
  bool isGraceful;
  Poller *poller = arguments(env, info, 2, values);
  if (poller == NULL || napi_get_value_int32(env, values[0], &id) != napi_ok ||
      napi_get_value_bool(env, values[1], &isGraceful) != napi_ok)
    return failure(env, "close(id, gracefully)");
  Connection *connection = find(poller, id);
  if (connection == NULL) return NULL;
  if (isGraceful) shutdown(connection->fd, SHUT_WR);
  release(poller, id);
  return NULL;
}

/* From libuv: some connection can be read or written. */
static void ready(uv_handle *handle, int status, int events) {
  (void)status;
  (void)events;
  Poller *poller = uv_handle_get_data(handle);
  napi_env env = poller->env;
  napi_handle_scope scope;
  napi_value callback, receiver, result, error;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, poller->callback, &callback);
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, poller->context, receiver, callback, 0, NULL, &result) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

/* The functions may be called as long as the environment lives, and so does the poller, ended or not. */
static void freePoller(Poller *poller) {
  napi_remove_async_cleanup_hook(poller->cleanup);
  free(poller);
}

static void closed(uv_handle *handle) {
  Poller *poller = uv_handle_get_data(handle);
  close(poller->epoll);
  free(poller->connections);
  free(handle);
  poller->isClosed = true;
  if (poller->isEnvEnding) freePoller(poller);
}

static void endPoller(Poller *poller) {
  for (int32_t id = 0; id < poller->capacity; id++)
    if (poller->connections[id].fd >= 0) release(poller, id);
  uv_handle *handle = poller->poll;
  poller->poll = NULL;
  uv_close(handle, closed);
}

/* The environment ends: a worker's, or the process's. */
static void cleanUp(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  Poller *poller = data;
  poller->isEnvEnding = true;
  if (poller->isClosed) freePoller(poller);
  else if (poller->poll != NULL) endPoller(poller);
}

static napi_value end(napi_env env, napi_callback_info info) {
  Poller *poller = arguments(env, info, 0, NULL);
  if (poller == NULL) return NULL;
  napi_delete_reference(env, poller->callback);
  for (int i = 0; i < 3; i++) napi_delete_reference(env, poller->pinned[i]);
  napi_async_destroy(env, poller->context);
  endPoller(poller);
  return NULL;
}

static bool openInstance(Poller *poller) {
  struct uv_loop_s *loop;
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (poller->epoll < 0) return false;
  poller->poll = malloc(uv_handle_size(UV_POLL_TYPE));
  if (poller->poll == NULL || napi_get_uv_event_loop(poller->env, &loop) != napi_ok ||
      uv_poll_init(loop, poller->poll, poller->epoll) != 0) {
    free(poller->poll);
    close(poller->epoll);
    return false;
  }
  uv_handle_set_data(poller->poll, poller);
  uv_poll_start(poller->poll, UV_READABLE_EVENT, ready);
  uv_unref(poller->poll);
  return true;
}

static bool tableOf(napi_env env, napi_value value, int32_t **rows, size_t *rowsMax) {
  napi_typedarray_type type;
  size_t length;
  if (napi_get_typedarray_info(env, value, &type, &length, (void **)rows, NULL, NULL) != napi_ok) return false;
  *rowsMax = length / ROW_INTS;
  return type == napi_int32_array;
}

static napi_value openPoller(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value values[4], result, name;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  Poller *poller = calloc(1, sizeof *poller);
  if (poller == NULL) return failure(env, "out of memory");
  poller->env = env;
  poller->freeHead = -1;
  napi_valuetype type = napi_undefined;
  if (count == 4) napi_typeof(env, values[0], &type);
  if (type != napi_function ||
      napi_get_buffer_info(env, values[1], (void **)&poller->input, &poller->inputBytes) != napi_ok ||
      !tableOf(env, values[2], &poller->rows, &poller->rowsMax) ||
      !tableOf(env, values[3], &poller->output, &poller->outputRowsMax) || !openInstance(poller)) {
    free(poller);
    return failure(env, "open(onReady, input, events, output)");
  }
  napi_create_reference(env, values[0], 1, &poller->callback);
  for (int i = 0; i < 3; i++) napi_create_reference(env, values[i + 1], 1, &poller->pinned[i]);
  napi_create_string_utf8(env, "weftkit_sockets", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &poller->context);
  napi_add_async_cleanup_hook(env, cleanUp, poller, &poller->cleanup);
  napi_property_descriptor functions[] = {
    { "add", NULL, add, NULL, NULL, NULL, napi_enumerable, poller },
    { "receive", NULL, receive, NULL, NULL, NULL, napi_enumerable, poller },
    { "send", NULL, sendRows, NULL, NULL, NULL, napi_enumerable, poller },
    { "watch", NULL, watch, NULL, NULL, NULL, napi_enumerable, poller },
    { "shutdown", NULL, shutdownWriting, NULL, NULL, NULL, napi_enumerable, poller },
    { "close", NULL, closeConnection, NULL, NULL, NULL, napi_enumerable, poller },
    { "end", NULL, end, NULL, NULL, NULL, napi_enumerable, poller },
  };
  napi_create_object(env, &result);
  napi_define_properties(env, result, sizeof functions / sizeof *functions, functions);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value open;
  (void)exports;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, openPoller, NULL, &open);
  return open;
}
