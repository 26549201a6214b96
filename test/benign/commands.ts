// SPDX-License-Identifier: Apache-2.0
// What people and monitoring do to a protected process all day; each must succeed and be refused nothing.

/** Looks at one process from outside. */
export const looksAt = (pid: number): string[] => [
  `ps auxww | grep -w ${pid}`,
  "top -b -n1",
  `ls -l /proc/${pid}`,
  `ls -l /proc/${pid}/fd /proc/${pid}/ns`,
  `cat /proc/${pid}/stat /proc/${pid}/status /proc/${pid}/cmdline /proc/${pid}/comm /proc/${pid}/cgroup /proc/${pid}/limits`,
  `cat /proc/${pid}/io /proc/${pid}/mountinfo`,
  `stat -L /proc/${pid}/fd/0 /proc/${pid}/root /proc/${pid}/cwd`,
  `prlimit --pid ${pid}`,
  `cat /proc/${pid}/oom_score_adj /proc/${pid}/coredump_filter /proc/sys/kernel/core_pattern`,
  `readlink /proc/${pid}/exe /proc/${pid}/cwd /proc/${pid}/root`,
];
