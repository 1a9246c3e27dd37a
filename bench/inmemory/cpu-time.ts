import { readFileSync } from "node:fs";

/** Ticks of /proc/PID/stat; the same on all of today's Linux systems. */
const TICKS_PER_SECOND = 100;
/** Fields behind the process's name (proc_pid_stat(5)): utime and stime, then those of children that have ended. */
const UTIME = 11;
const CHILDREN_UTIME = 13;

/** User and system time of a process so far, in seconds: all its threads, and children that have ended. */
export function cpuSeconds(pid: number): number {
  // Redis rewrites its log in a child, weftkit in a thread.
  return timeAt(String(pid), UTIME) + timeAt(String(pid), CHILDREN_UTIME);
}

/** User and system time of our own children that have ended, in seconds. */
export function endedChildrenCpuSeconds(): number {
  return timeAt("self", CHILDREN_UTIME);
}

function timeAt(process: string, field: number): number {
  const stat = readFileSync(`/proc/${process}/stat`, "latin1");
  // The name in brackets may hold anything: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[field]) + Number(fields[field + 1])) / TICKS_PER_SECOND;
}
