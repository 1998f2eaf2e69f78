#include "analytics/report_style.h"

namespace bank::analytics {

std::string_view report_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#f4f6f8;--card:#fff;--ink:#152130;--muted:#5c6979;--line:#e2e7ed;--track:#eef1f5;
--accent:#2b5fd9;--low:#7c8fa6;--medium:#dfa000;--high:#e5652f;--critical:#b5123e;--approve:#2a9568;--alert:#d9482b}
@media (prefers-color-scheme:dark){:root{--bg:#0d131a;--card:#151d27;--ink:#e7ecf2;--muted:#95a3b5;--line:#273343;--track:#1e2937;
--accent:#6f9dff;--low:#8da1b9;--medium:#efb93c;--high:#ff8a59;--critical:#ff5479;--approve:#45c08c;--alert:#ff7a5c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1180px;margin:0 auto;padding:28px 20px 40px}
header h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
header p{margin:0;color:var(--muted);overflow-wrap:anywhere}
h2{font-size:16px;margin:0}
.hint{color:var(--muted);font-size:13px;margin:2px 0 14px}
small{color:var(--muted);font-size:12.5px}
.notice{border-left:4px solid var(--medium);background:var(--card);padding:10px 14px;margin:18px 0 0;border-radius:4px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin:22px 0 14px}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}
.tile{padding:14px 16px}
.tile span{display:block;color:var(--muted);font-size:13px}
.tile b{display:block;font-size:25px;line-height:1.25;letter-spacing:-.02em;font-weight:650}
.tile.block b{color:var(--critical)}.tile.alerts b{color:var(--alert)}
.cards{display:grid;grid-template-columns:repeat(6,1fr);gap:14px}
.card{padding:16px 18px 18px;min-width:0;display:flex;flex-direction:column}
.card>.plot:last-child{flex:1;grid-template-rows:minmax(170px,1fr) 22px}.card>.plot.small:last-child{grid-template-rows:minmax(86px,1fr) 22px}
.w6{grid-column:span 6}.w4{grid-column:span 4}.w3{grid-column:span 3}.w2{grid-column:span 2}
.accent{--c:var(--accent)}.alert{--c:var(--alert)}.low{--c:var(--low)}.medium{--c:var(--medium)}.high{--c:var(--high)}
.critical{--c:var(--critical)}.approve{--c:var(--approve)}.review{--c:var(--medium)}.block{--c:var(--critical)}
.plot{display:grid;grid-template-columns:46px 1fr;grid-template-rows:200px 22px;column-gap:8px}
.plot.small{grid-template-rows:86px 22px}.plot+.caption{margin-top:12px}
.caption{font-size:13px;color:var(--muted);margin:0 0 6px}
.plot .y,.canvas,.x{position:relative}
.plot .y span{position:absolute;right:0;transform:translateY(50%);font-size:12px;color:var(--muted);white-space:nowrap}
.plot svg{display:block;width:100%;height:100%;overflow:visible}
.x span{position:absolute;top:5px;transform:translateX(-50%);font-size:12px;color:var(--muted);white-space:nowrap}
.x .first{transform:none}.x .last{transform:translateX(-100%)}
.plot .x{grid-column:2}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .fill{fill:var(--c)}path.fill{fill-opacity:.16}
path.line{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.hit{fill:var(--ink);fill-opacity:0}.hit:hover{fill-opacity:.09}
.marker{stroke:var(--ink);stroke-opacity:.55;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.mark{position:absolute;top:-3px;transform:translateX(4px);font-size:11.5px;color:var(--ink);background:var(--card);padding:0 3px;border-radius:3px}
.heat{display:grid;grid-template-columns:34px 1fr;grid-template-rows:196px 22px;column-gap:8px}
.heat .rows{display:grid;grid-template-rows:repeat(7,1fr);align-items:center;font-size:12px;color:var(--muted)}
.heat svg{display:block;width:100%;height:100%}.heat .x{grid-column:2}
.heat .back{fill:var(--track)}.heat .fill{fill:var(--c)}.heat g:hover .back{stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}
ul{list-style:none;margin:0;padding:0}
.bars{display:grid;gap:9px}
.bars li{display:grid;grid-template-columns:1fr auto;column-gap:12px;row-gap:3px;align-items:baseline}
.bars .name{min-width:0;overflow-wrap:anywhere}.bars .value{text-align:right;font-weight:600}
.track{grid-column:1/-1;height:7px;border-radius:4px;background:var(--track);overflow:hidden}
.track i{display:block;height:100%;min-width:2px;border-radius:4px;background:var(--c)}
.stack{display:flex;gap:2px;height:26px;border-radius:6px;overflow:hidden;background:var(--track)}
.stack i{background:var(--c);min-width:3px}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;margin-top:12px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;background:var(--c);margin-right:6px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:500;color:var(--muted);font-size:13px}
th:first-child,td:first-child{text-align:left;padding-left:0;max-width:30ch;overflow:hidden;text-overflow:ellipsis}
th:last-child,td:last-child{padding-right:0}tr:last-child td{border-bottom:0}
footer{color:var(--muted);font-size:13px;margin-top:22px;overflow-wrap:anywhere}
@media (max-width:860px){.w4,.w3,.w2{grid-column:span 6}.tiles{grid-template-columns:repeat(2,1fr)}}
@media (max-width:560px){main{padding:18px 12px 28px}header h1{font-size:22px}.tile{padding:11px 12px}.tile b{font-size:21px}
.tiles,.cards{gap:10px}.card{padding:14px 12px}.plot{grid-template-rows:160px 22px;grid-template-columns:40px 1fr}
.plot .x span:nth-child(even),.heat .x span:nth-child(even){display:none}table{font-size:14px}th,td{padding:6px 6px}
.optional,.mark:nth-child(3){display:none}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--muted:#444;--line:#ccc;--track:#eee;--accent:#2b5fd9;--low:#7c8fa6;
--medium:#dfa000;--high:#e5652f;--critical:#b5123e;--approve:#2a9568;--alert:#d9482b;color-scheme:light}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}
.tile,.card{break-inside:avoid}.scroll{overflow:visible}body{font-size:12px}}
)css";
}

}  // namespace bank::analytics
