import { randomFrom } from "./random.js";
import { courseOf, kinds, round } from "./rounds.js";
import { Siege } from "./siege.js";
import { faultsOf, tableOf } from "./table.js";

const say = (t: string) => console.log(new Date().toISOString().slice(11, 19), t);
const s = await Siege.begin({ kernel: "6.12", memory: "1536M", processes: 4, say });
say("begun");
const c = courseOf(s, randomFrom(1));
for (const k of kinds) await round(c, k);
console.log(tableOf(s.rows));
console.log(s.rows.flatMap(faultsOf));
await s.end();
