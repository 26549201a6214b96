// SPDX-License-Identifier: Apache-2.0
// Errors of this machine, its kernel and the installed files, and of the agent's own life.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const machineErrors = {
  NOT_ROOT: {
    message: "{target} needs root, and this is user {uid}",
    help: "Run it as root (sudo), or in a container with the capabilities BPF, PERFMON, SYS_ADMIN and SYS_PTRACE.",
    exitCode: exitCodes.forbidden,
  },
  RESCUE_BOOT: {
    message: "the kernel was started with {target}, so nothing is guarded",
    help: "Repair what you came for, then boot without that word.",
    exitCode: exitCodes.switchedOff,
  },
  NO_BTF: {
    message: "this kernel does not describe its types: {target} is missing or unreadable",
    help: "Use a kernel built with CONFIG_DEBUG_INFO_BTF, as all current distributions ship.",
    exitCode: exitCodes.unsupported,
  },
  FTRACE_OFF: {
    message: "{target} is 0, which switches every guard off without a word",
    help: "Set it with: sysctl kernel.ftrace_enabled=1, and find out who turned it off.",
    exitCode: exitCodes.unsupported,
  },
  LOCKED_DOWN: {
    message:
      "this kernel is locked down to confidentiality ({target}), in which it lets BPF programs read no memory: no guard can be loaded",
    help: "Boot with lockdown=integrity, in which everything works, or a kernel from 6.2 on, where guards can be loaded all the same. A lockdown cannot be lowered without a reboot. Guards that stood before it was raised stay, with nobody to read their events.",
    exitCode: exitCodes.unsupported,
  },
  ADDON_UNUSABLE: {
    message: "the native addon {target} cannot be loaded: {reason}",
    help: "Install the build for this machine and Node.js version, and the libbpf, libelf and zlib libraries.",
    exitCode: exitCodes.unsupported,
  },
  OBJECT_MISSING: {
    message: "no BPF object at {target}",
    help: "Build it with make, reinstall the package, or point objectPath or EBPF_OBJECT_PATH at the directory of objects, or at one of them.",
    exitCode: exitCodes.failed,
  },
  OBJECT_ALTERED: {
    message: "{target} is not the object that this agent may load: its SHA-256 is {found}, not {wanted}",
    help: "Reinstall the package, so that objects and agent are of one build; after an upgrade, restart the agent. An object of your own is loaded if the configuration names its SHA-256 under objectDigests.",
    exitCode: exitCodes.failed,
  },
  OBJECT_DAMAGED: {
    message: "{target} is not a whole BPF object: {reason}",
    help: "The file is cut short or of another kind: build it again or reinstall the package.",
    exitCode: exitCodes.failed,
  },
  OBJECT_MISMATCH: {
    message: "{target} was built for another version of the agent: {reason}",
    help: "Install the objects and the agent from the same build.",
    exitCode: exitCodes.failed,
  },
  LOAD_REFUSED: {
    message: "the kernel's verifier refused {target}: {reason}",
    help: "Report it with the log and the kernel version; the other doors are not affected.",
    exitCode: exitCodes.unsupported,
  },
  NO_DOORS: {
    message: "no door could be loaded on {target}",
    help: "Run cloudtaser doctor: it tries each door and says what to change.",
    exitCode: exitCodes.unsupported,
  },
  NOT_GUARDED: {
    message: "{target} cannot guard anybody now: {reason}",
    help: "Nothing was protected. Run cloudtaser doctor: it tries each door and says what to change.",
    exitCode: exitCodes.unproven,
  },
  PIN_FAILED: {
    message: "cannot keep {target}: {reason}",
    help: "Check that pinPath is on a writable BPF file system; remove leftovers with: cloudtaser agent --uninstall.",
    exitCode: exitCodes.failed,
  },
  PIN_MISMATCH: {
    message: "the pinned {target} is of another version: {reason}",
    help: "Take the old version off with: cloudtaser agent --uninstall, then start again.",
    exitCode: exitCodes.busy,
  },
  PIN_STRANGER: {
    message: "the guards that stand at {target} do not know this agent: {reason}",
    help: "They know the next agent by the executable (Node) of the one that made them: start it, or uninstall, by that one. If it is gone, only a reboot takes the guards off.",
    exitCode: exitCodes.busy,
  },
  MAP_FAILED: {
    message: "the kernel table {target} could not be read or written: {reason}",
    help: "Restart the agent; if it happens again, report it with the kernel version.",
    exitCode: exitCodes.failed,
  },
  HOOK_NOT_INSTALLED: {
    message: "the hook cannot be put into {target}: {reason}",
    help: "Give an absolute path below a directory of root that nobody else may write to, with 130 MB of space, and not mounted noexec.",
    exitCode: exitCodes.failed,
  },
  HTTP_ADDRESS_TAKEN: {
    message: "cannot listen on {target}: {reason}",
    help: "Choose another address with health.listen or HEALTH_LISTEN_ADDR.",
    exitCode: exitCodes.busy,
  },
  EVENTS_FILE_UNWRITABLE: {
    message: "cannot write events to {target}: {reason}",
    help: "Check that the directory exists, is writable and has space, or choose another path. The systemd unit lets the agent write below /var/log, /var/lib/cloudtaser and /run/cloudtaser alone: another place needs its own line ReadWritePaths= in a drop-in. A pod of the daemon set has /var/lib/cloudtaser and /run/cloudtaser alone.",
    exitCode: exitCodes.failed,
  },
  TRIGGERS_MISSING: {
    message: "the attack programs of the selftest are not at {target}",
    help: "Build them with make, or reinstall the package.",
    exitCode: exitCodes.failed,
  },
  SELFTEST_RUNNING: {
    message: "another selftest runs on this node: it holds {target}",
    help: "Wait until it has ended; the agent may run one by itself (selftest.interval).",
    exitCode: exitCodes.busy,
  },
  SELFTEST_NO_AGENT: {
    message: "no agent answers on {target}, so there is nothing to test",
    help: "Start it with: cloudtaser agent. Or let the test start one of its own and stop it again: cloudtaser selftest --with-agent.",
    exitCode: exitCodes.unproven,
  },
  SELFTEST_INTERRUPTED: {
    message: "the selftest was stopped by {target}; what it had started was taken down",
    help: "Start it again when it may run to the end.",
    exitCode: exitCodes.interrupted,
  },
  SELFTEST_FAILED: {
    message: "the selftest could not be made: {target}: {reason}",
    help: "Run it again; if it happens again, look at cloudtaser status and at the agent's log.",
    exitCode: exitCodes.unproven,
  },
  EVIDENCE_UNWRITABLE: {
    message: "the result of the selftest cannot be kept at {target}: {reason}",
    help: "Check that the directory is writable and has space, or choose another with selftest.directory.",
    exitCode: exitCodes.failed,
  },
  EVIDENCE_KEY_UNUSABLE: {
    message: "the key that signs the log, {target}, cannot be used: {reason}",
    help: "Events go out unsigned until this is corrected: make the directory (stateDirectory) writable, and the key a file of root with mode 0600; move a damaged key away, and a new one is made at the next start.",
    exitCode: exitCodes.failed,
  },
  LOG_UNREADABLE: {
    message: "the log {target} cannot be read: {reason}",
    help: "Give files of events in the native format, as the agent wrote them, unpacked.",
    exitCode: exitCodes.usage,
  },
  GUARDS_STANDING: {
    message: "guards that an earlier agent left stand at {target}",
    help: "Start the agent, which takes them over, or take them off with: cloudtaser agent --uninstall.",
    exitCode: exitCodes.busy,
  },
  START_INTERRUPTED: {
    message: "stopped by {target} before the guards were in place; nothing was left attached",
    help: "Start it again when it may run to the end.",
    exitCode: exitCodes.interrupted,
  },
  INTERNAL: {
    message: "a fault inside cloudtaser in {target}: {reason}",
    help: "Please report this with the command, the log and the kernel version.",
    exitCode: exitCodes.failed,
  },
} as const satisfies Record<string, ErrorEntry>;
