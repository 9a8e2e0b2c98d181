import { rolldown } from "rolldown"; import { parseAst } from "rolldown/parseAst"; import { gzipSync } from "node:zlib";
const code = `import { functional, manualSeed, tensor } from "@dropwise/core"; console.log(tensor, manualSeed, functional.dropout);`;
const src = "/work/main/packages/core/src/index.ts";
const b = await rolldown({ input: "\0e", cwd: "/work/main", platform: "browser", resolve: {alias: {"@dropwise/core": src}}, plugins: [{ name: "e", resolveId: (id) => id === "\0e" ? id : null, load: (id) => id === "\0e" ? code : null }], logLevel: "silent" });
const plain = (await b.generate({ format: "es", minify: {mangle:false, compress:true, codegen:true} })).output[0].code;
const mini = (await b.generate({ format: "es", minify: true })).output[0].code;
const g=(x)=>gzipSync(x,{level:9}).length;
const A = parseAst(plain).body, B = parseAst(mini).body;
console.log(A.length, B.length, g(mini));
const total = g(mini); const rows=[];
function name(n){ return n.id?.name ?? n.declarations?.map(d=>d.id.name).join(",").slice(0,40) ?? n.type; }
// names don't align exactly: match by order
const nm = A.map(name);
B.forEach((n,i)=>{ 
  const rest = mini.slice(0,n.start)+mini.slice(n.end);
  rows.push([total-g(rest), n.end-n.start, nm[i]??"?", mini.slice(n.start,n.start+50)]);
  if (n.type==="ClassDeclaration" || n.declarations?.[0]?.init?.type==="ClassExpression") { const cls = n.body?.body? n : n.declarations[0].init; for (const m of cls.body.body) { const r = mini.slice(0,m.start)+mini.slice(m.end); const d=total-g(r); if (d>40) rows.push([d,m.end-m.start,"  ."+(m.key?.name??"?"), mini.slice(m.start,m.start+50)]); } }
});
rows.sort((a,b)=>b[0]-a[0]);
for (const r of rows.slice(0,110)) console.log(String(r[0]).padStart(5), String(r[1]).padStart(6), r[2].padEnd(42), r[3].replace(/\n/g," "));
