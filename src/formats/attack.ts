// SPDX-License-Identifier: Apache-2.0
// MITRE ATT&CK: names of the ids that the table of vectors uses, and which tactics a technique serves. One version for all, since
// names and ids move between versions.

export const attackFramework = { name: "MITRE ATT&CK", version: "18" } as const;

const tacticNames: Readonly<Record<string, string>> = {
  TA0002: "Execution",
  TA0003: "Persistence",
  TA0004: "Privilege Escalation",
  TA0005: "Defense Evasion",
  TA0006: "Credential Access",
  TA0007: "Discovery",
  TA0008: "Lateral Movement",
  TA0009: "Collection",
  TA0010: "Exfiltration",
  TA0040: "Impact",
};

/** Sub-techniques serve the tactics of theirs. */
const techniques: Readonly<Record<string, { name: string; tactics: readonly string[] }>> = {
  T1003: { name: "OS Credential Dumping", tactics: ["TA0006"] },
  T1005: { name: "Data from Local System", tactics: ["TA0009"] },
  T1006: { name: "Direct Volume Access", tactics: ["TA0005"] },
  T1014: { name: "Rootkit", tactics: ["TA0005"] },
  T1041: { name: "Exfiltration Over C2 Channel", tactics: ["TA0010"] },
  T1048: { name: "Exfiltration Over Alternative Protocol", tactics: ["TA0010"] },
  T1055: { name: "Process Injection", tactics: ["TA0004", "TA0005"] },
  T1056: { name: "Input Capture", tactics: ["TA0006", "TA0009"] },
  T1057: { name: "Process Discovery", tactics: ["TA0007"] },
  T1068: { name: "Exploitation for Privilege Escalation", tactics: ["TA0004"] },
  T1074: { name: "Data Staged", tactics: ["TA0009"] },
  T1083: { name: "File and Directory Discovery", tactics: ["TA0007"] },
  T1489: { name: "Service Stop", tactics: ["TA0040"] },
  T1529: { name: "System Shutdown/Reboot", tactics: ["TA0040"] },
  T1542: { name: "Pre-OS Boot", tactics: ["TA0003", "TA0005"] },
  T1547: { name: "Boot or Logon Autostart Execution", tactics: ["TA0003", "TA0004"] },
  T1552: { name: "Unsecured Credentials", tactics: ["TA0006"] },
  T1559: { name: "Inter-Process Communication", tactics: ["TA0002"] },
  T1562: { name: "Impair Defenses", tactics: ["TA0005"] },
  T1563: { name: "Remote Service Session Hijacking", tactics: ["TA0008"] },
  T1574: { name: "Hijack Execution Flow", tactics: ["TA0003", "TA0004", "TA0005"] },
  T1611: { name: "Escape to Host", tactics: ["TA0004"] },
};

const subTechniqueNames: Readonly<Record<string, string>> = {
  "T1003.007": "Proc Filesystem",
  "T1055.008": "Ptrace System Calls",
  "T1055.009": "Proc Memory",
  "T1056.004": "Credential API Hooking",
  "T1074.001": "Local Data Staging",
  "T1547.006": "Kernel Modules and Extensions",
  "T1552.001": "Credentials In Files",
  "T1562.001": "Disable or Modify Tools",
  "T1574.006": "Dynamic Linker Hijacking",
};

export interface AttackName {
  id: string;
  /** Left out for an id that this version does not know. */
  name?: string;
}

export interface AttackTechnique {
  technique: AttackName;
  subTechnique?: AttackName;
  tactics: AttackName[];
}

const named = (id: string, name: string | undefined): AttackName => ({ id, ...(name === undefined ? {} : { name }) });

export const tacticOf = (id: string): AttackName => named(id, tacticNames[id]);

/** Techniques with the tactics of the vector that each serves. A tactic that none is known to serve goes with the first. */
export function attackOf(attack: { techniques: readonly string[]; tactics: readonly string[] }): AttackTechnique[] {
  const serves = (id: string, tactic: string) => techniques[id.slice(0, 5)]?.tactics.includes(tactic) ?? false;
  const homeless = attack.tactics.filter((tactic) => !attack.techniques.some((id) => serves(id, tactic)));
  return attack.techniques.map((id, index) => {
    const parent = id.slice(0, 5);
    const tactics = attack.tactics.filter((tactic) => serves(id, tactic) || (index === 0 && homeless.includes(tactic)));
    return {
      technique: named(parent, techniques[parent]?.name),
      ...(id === parent ? {} : { subTechnique: named(id, subTechniqueNames[id]) }),
      tactics: tactics.map(tacticOf),
    };
  });
}
