/*
** Gives memory back to the operating system without a garbage collection: the module is an object with one function,
**
**   discard(buffer)   gives back the pages that lie wholly in a buffer; false when the system refuses. The buffer stays
**                     what it is: what is read from it later is zeros, what is written takes new pages.
*/
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAPI_VERSION 8
#include <node_api.h>

static napi_value discard(napi_env env, napi_callback_info info) {
  size_t count = 1, length;
  uint8_t *bytes;
  napi_value value, result;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  if (count < 1 || napi_get_buffer_info(env, value, (void **)&bytes, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "discard(buffer)");
    return NULL;
  }
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = ((uintptr_t)bytes + page - 1) & ~(page - 1);
  uintptr_t end = ((uintptr_t)bytes + length) & ~(page - 1);
  napi_get_boolean(env, start >= end || madvise((void *)start, end - start, MADV_DONTNEED) == 0, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "discard", NAPI_AUTO_LENGTH, discard, NULL, &function);
  napi_set_named_property(env, exports, "discard", function);
  return exports;
}
