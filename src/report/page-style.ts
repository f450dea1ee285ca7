/**
 * The style of a page: readable at 360 pixels, in the light and in the dark, and on paper.
 * Colours keep a contrast of 4.5 to 1 with what is behind them (test/hosts/page.hosts.ts).
 */
export const pageStyle = `
:root{color-scheme:light dark;--back:#fff;--card:#f5f6f8;--text:#1b1f24;--faint:#555e69;
--line:#d5d9de;--good:#14682f;--bad:#b3161d;--warn:#7a4d00;--goodback:#e3f4e7;--badback:#fde8e8}
@media(prefers-color-scheme:dark){:root{--back:#14171b;--card:#1d2127;--text:#e6e9ec;
--faint:#a4adb8;--line:#373e47;--good:#6fd08c;--bad:#ff8f8a;--warn:#e8b64c;
--goodback:#12301c;--badback:#3d1618}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--back);color:var(--text);
font:1rem/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
overflow-wrap:anywhere}
header{padding:1rem;border-radius:.6rem;border-left:.4rem solid}
header.good{background:var(--goodback);border-color:var(--good)}
header.bad{background:var(--badback);border-color:var(--bad)}
h1{font-size:1.3rem;line-height:1.25;margin:0 0 .4rem}
header.good h1{color:var(--good)}header.bad h1{color:var(--bad)}
header p{margin:0;font-size:.95rem}
ol.why{margin:1rem 0 0;padding:0 0 0 1.4rem}ol.why li{margin:.3rem 0;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1rem;margin:1rem 0}
dt{color:var(--faint)}dd{margin:0}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem;margin:1rem 0}
nav a{color:inherit;padding:.2rem 0}
section{border-top:1px solid var(--line);padding-top:.2rem;margin-top:1.4rem}
h2{font-size:1.1rem;margin:.8rem 0 .5rem}
p{margin:.6rem 0}ul{margin:.5rem 0;padding-left:1.2rem}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.warn{color:var(--warn)}
header.good,header.bad{color:inherit;font-weight:inherit}
pre{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.7rem;
margin:.6rem 0;max-height:26rem;overflow:auto;white-space:pre-wrap;
font:.82rem/1.4 ui-monospace,Consolas,"DejaVu Sans Mono",monospace}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;
border-bottom:1px solid var(--line)}
th{color:var(--faint);font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
footer{color:var(--faint);font-size:.85rem;margin-top:2rem}
@media(max-width:40rem){
body{padding:.7rem}
dl{grid-template-columns:1fr;gap:0}dt{font-size:.85rem;margin-top:.45rem}
table:not(.short),table:not(.short) :is(tbody,tr,td){display:block}
table:not(.short) thead{display:none}
table:not(.short) tr{border-bottom:1px solid var(--line);padding:.45rem 0}
table:not(.short) td{border:0;padding:.1rem 0;display:flex;gap:.6rem;text-align:left}
table:not(.short) td::before{content:attr(data-label);flex:0 0 5.6rem;color:var(--faint);
font-weight:400}
table:not(.short) td:first-child{font-weight:600}
table:not(.short) td:empty{display:none}}
@media print{body{max-width:none;font-size:10pt}nav{display:none}
pre{max-height:none;overflow:visible}tr,dt,dd{break-inside:avoid}h2{break-after:avoid}}
`;
