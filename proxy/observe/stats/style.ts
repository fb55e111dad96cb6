/** Light and dark, wide and narrow. Minified: without line breaks. */
export const STYLE = `
:root{--bg:#f4f6f8;--card:#fff;--line:#dde3ea;--text:#17212e;--soft:#566375;--accent:#0b7a72;--fill:#0b7a7226;
--good:#136b33;--bad:#b3261e;--warn:#8a4b00;--info:#1f5fae;--tint:16%}
@media(prefers-color-scheme:dark){:root{--bg:#0f141a;--card:#171e27;--line:#2a3441;--text:#e6ebf1;--soft:#9caabb;--accent:#3fc4b8;
--fill:#3fc4b82e;--good:#5fd28a;--bad:#ff8a80;--warn:#f5b461;--info:#7db4f5;--tint:18%}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem clamp(.75rem,2.5vw,2rem) 2rem;max-width:90rem;background:var(--bg);color:var(--text);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
small{color:var(--soft);font-size:12px;font-weight:400}
header{display:flex;flex-wrap:wrap;gap:.6rem 1.5rem;align-items:center;margin-bottom:1rem}
h1{margin:0;font-size:1.25rem;flex:1 1 16rem}
h1 small{margin-left:.35rem;font-size:.9rem}
.logo{width:1.6rem;height:1.6rem;vertical-align:-.4rem;margin-right:.35rem;fill:none;stroke:var(--accent);stroke-width:3.2;stroke-linecap:round}
h2{margin:1.6rem 0 .6rem;font-size:1.05rem}
h2 small{margin-left:.4rem}
h3{margin:0;padding:.7rem .9rem .55rem;font-size:.95rem}
h3 small{margin-right:.5rem}
.to{color:var(--soft);font-weight:400}
form{display:flex;gap:.5rem;align-items:center;flex:0 1 26rem}
label{color:var(--soft)}
input{flex:1;min-width:0;padding:.4rem .6rem}
input,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem}
input::placeholder{color:var(--soft);opacity:1}
button{padding:.4rem .8rem;cursor:pointer}
button[aria-pressed=true]{background:var(--text);color:var(--card)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.live{margin:0;display:flex;gap:.75rem;align-items:center}
#state{color:var(--soft)}
#state.live:before{content:"● ";color:var(--good)}
#state.paused:before{content:"❚❚ "}
#state.lost{color:var(--bad);font-weight:600}
#state.lost:before{content:"✕ "}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:0}
.tile,article,section>table{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.tile{padding:.6rem .9rem}
dt{color:var(--soft);font-size:12px}
dd{margin:0}
dd b{display:block;font-size:1.45rem;line-height:1.3;font-weight:600}
dd small{display:block}
article{margin-bottom:.8rem}
.alert{margin:.8rem 0 0;padding:.6rem .9rem;border:1px solid var(--bad);border-left-width:5px;border-radius:.4rem;background:var(--card)}
article .alert{margin:0 .9rem .7rem}
.alert ul{margin:.2rem 0 0;padding-left:1.2rem}
.note{color:var(--soft);margin:.6rem 0}
article .note{padding:0 .9rem}
table{width:100%;border-collapse:separate;border-spacing:0}
th{font-size:12px;font-weight:500;color:var(--soft);text-align:left;white-space:nowrap}
th,td{padding:.45rem .9rem;vertical-align:top}
td,article th{border-top:1px solid var(--line)}
article thead th,article td{padding-top:.4rem;padding-bottom:.4rem}
.n{text-align:right;white-space:nowrap}
td small{display:block}
td div div small{display:inline-block;white-space:nowrap}
section>table td:first-child{min-width:9rem}td:nth-child(3){min-width:12rem}td:nth-child(4):not(.n){min-width:11rem}
article table{table-layout:fixed}
article th:first-child{width:25%}article th:nth-child(2){width:9%}article th:nth-child(3){width:23%}article th:nth-child(6){width:13%}
.spark{width:118px;height:24px;margin:-.25rem .6rem -.25rem 0;vertical-align:middle;overflow:visible}
.spark polyline{fill:none;stroke:var(--accent);stroke-width:1.5;stroke-linejoin:round}
.spark .base{stroke:var(--line);stroke-width:1}
.spark polygon{fill:var(--fill)}
.n .spark+span,.n .bar+span{display:inline-block;min-width:2.9rem}
.bar{width:60px;height:6px;margin-right:.3rem;vertical-align:middle}
.bar rect{fill:var(--accent)}
.bar .of{fill:var(--fill)}
.bad{color:var(--bad);font-weight:600}
.status{display:inline-block;margin-right:.25rem;padding:0 .5rem;border-radius:1rem;font-size:12px;font-weight:600;white-space:nowrap;
color:var(--c);background:color-mix(in srgb,var(--c) var(--tint),transparent)}
.status+small,.status~small:not(:last-child){display:inline}
.UP{--c:var(--good)}.DOWN{--c:var(--bad)}.EJECTED,.FULL{--c:var(--warn)}.DRAIN{--c:var(--info)}.NEW{--c:var(--soft)}
@media(scripting:enabled){.go{display:none}}
@media(max-width:62rem){
h1{flex:1 1 100%}form{flex:1 1 18rem}
.tiles{grid-template-columns:repeat(3,1fr)}
table,tbody,tr,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:.5rem .9rem;border-top:1px solid var(--line)}
section>table tr:first-child{border-top:0}
td,article td{display:flex;gap:1rem;padding:.12rem 0;border:0;text-align:left;white-space:normal}
td:before{content:attr(data-name);flex:0 0 6.2rem;color:var(--soft);text-align:left}
.n .spark+span,.n .bar+span{min-width:0}
td:first-child:before{display:none}
td>div{min-width:0}
section td:nth-child(n){min-width:0}
td:first-child{font-size:1.02em;margin-bottom:.2rem}}
@media(min-width:40rem)and (max-width:62rem){tr{display:grid;grid-template-columns:1fr 1fr;column-gap:2rem}td:first-child{grid-column:1/-1}}
@media(max-width:40rem){.tiles{grid-template-columns:repeat(2,1fr)}form{flex-basis:100%}}
@media(prefers-reduced-motion:no-preference){button,input{transition:border-color .15s}}
button:hover,input:hover{border-color:var(--soft)}
`;
