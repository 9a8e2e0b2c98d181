/**
 * The page's style. Series colours are Okabe and Ito's, which colour-blind readers tell apart, lightened or darkened so that each stands out from
 * its background; on dark pages other values take their place.
 */
export const STYLE = `
:root {
  --page: #ffffff; --ink: #1c2024; --faint: #60646c; --rule: #dfe3e8; --panel: #f7f8fa;
  --s0: #5b6168; --s1: #0072b2; --s2: #56a3d6; --s3: #c2410c; --s4: #e69f00; --s5: #00805f;
  --s6: #a8488a; --s7: #7a5af0; --s8: #8a6d00; --s9: #b3261e; --s10: #2f9e9e; --s11: #6b8e23;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --ink: #e8eaed; --faint: #9aa0a8; --rule: #30353c; --panel: #1c2025;
    --s0: #a7adb5; --s1: #4aa8e8; --s2: #9bd3f7; --s3: #f0743e; --s4: #f5c04a; --s5: #35c59a;
    --s6: #e38cc6; --s7: #a995ff; --s8: #d8bd55; --s9: #ff7b72; --s10: #6fd6d6; --s11: #a9cf58;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.6rem; margin: 0 0 4px; }
h2 { font-size: 1.1rem; margin: 0; }
h3 { font-size: 1rem; }
p { margin: 4px 0 12px; color: var(--faint); overflow-wrap: anywhere; }
.notices, ul { padding-left: 20px; color: var(--faint); overflow-wrap: anywhere; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; align-items: start; margin: 16px 0 32px; }
.grid section { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 16px; min-width: 0; }
.grid p { font-size: 0.875rem; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; --plot-background: var(--panel); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 0.875rem; margin-bottom: 8px; }
.legend span { display: inline-flex; align-items: center; gap: 6px; }
.legend i { width: 14px; height: 3px; border-radius: 2px; }
.legend i.dashed { height: 0; border-top: 2px dashed var(--faint); }
details { margin-top: 8px; font-size: 0.875rem; }
summary { cursor: pointer; color: var(--faint); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
th { color: var(--faint); font-weight: 500; }
dt { font-weight: 600; margin-top: 8px; }
dd { margin: 0; overflow-wrap: anywhere; color: var(--faint); }
`;
