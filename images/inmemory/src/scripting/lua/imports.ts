import type { Imports, Memory, Table } from "./webassembly.ts";

/** What the C library in the module asks of the system. Scripts see no files, no processes and no environment. */

/** `errno` of a call that is not there (WASI's ENOSYS, and Emscripten's in its negative form). */
const ENOSYS = 52;
const PAGE_BYTES = 65_536;
/** Status of a write or a read to a file that is not open (WASI's EBADF). */
const EBADF = 8;

/** Thrown in the place of C's longjmp, which Lua raises errors with; nothing but `invoke_vii` may catch it. */
export const LONGJMP = Symbol("longjmp");

/** Lua has ended itself: an error, mostly for want of memory, that nothing would catch. */
export class MachineEnded extends Error {}

/** The module's own functions that its imports need. */
export interface ModuleParts {
  readonly memory: Memory;
  readonly table: Table;
  stackSave(): number;
  stackRestore(stack: number): void;
  setThrew(threw: number, value: number): void;
}

/** How the imports see the machine: the parts exist only once the module does. */
export interface ImportHost {
  readonly parts: ModuleParts;
  readonly memoryBytesMax: number;
  /** The memory has grown: views of it are void. */
  onGrown(): void;
}

/** The imports of a Lua module built by Emscripten (Emscripten, "JavaScript-based exceptions", "standalone imports"). */
export function importsOf(host: ImportHost): Imports {
  const missing = () => -ENOSYS;
  const closed = () => EBADF;
  return {
    env: {
      exit: (status: number) => {
        throw new MachineEnded(`the Lua machine ended with status ${status}`);
      },
      /** Calls a function that may longjmp, as setjmp's caller. */
      invoke_vii: (index: number, first: number, second: number) => {
        const { parts } = host;
        const stack = parts.stackSave();
        try {
          parts.table.get(index)(first, second);
        } catch (error) {
          parts.stackRestore(stack);
          if (error !== LONGJMP) throw error;
          parts.setThrew(1, 0);
        }
      },
      _emscripten_throw_longjmp: () => {
        throw LONGJMP;
      },
      emscripten_memcpy_js: (to: number, from: number, length: number) => {
        new Uint8Array(host.parts.memory.buffer).copyWithin(to, from, from + length);
      },
      emscripten_resize_heap: (bytes: number) => {
        const wanted = bytes >>> 0;
        if (wanted > host.memoryBytesMax) return 0;
        const { memory } = host.parts;
        const has = memory.buffer.byteLength;
        // Growing by a fifth keeps the number of times low in which all views of it are void.
        const aimed = Math.min(host.memoryBytesMax, Math.max(wanted, Math.ceil(has * 1.2)));
        try {
          memory.grow(Math.ceil((aimed - has) / PAGE_BYTES));
        } catch {
          return 0;
        }
        host.onGrown();
        return 1;
      },
      emscripten_date_now: () => Date.now(),
      _emscripten_get_now_is_monotonic: () => 1,
      strftime: () => 0,
      _tzset_js: () => {},
      _mktime_js: () => 0,
      _localtime_js: () => {},
      _gmtime_js: () => {},
      __syscall_openat: missing,
      __syscall_fcntl64: missing,
      __syscall_ioctl: missing,
      __syscall_dup3: missing,
      __syscall_unlinkat: missing,
      __syscall_rmdir: missing,
      __syscall_renameat: missing,
      __syscall_readlinkat: missing,
      _emscripten_system: missing,
    },
    wasi_snapshot_preview1: {
      fd_write: closed,
      fd_read: closed,
      fd_close: closed,
      fd_seek: closed,
      environ_sizes_get: (count: number, bytes: number) => {
        const words = new DataView(host.parts.memory.buffer);
        words.setUint32(count, 0, true);
        words.setUint32(bytes, 0, true);
        return 0;
      },
      environ_get: () => 0,
    },
  };
}
