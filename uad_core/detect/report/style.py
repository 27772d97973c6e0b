"""How a report looks: on a screen, and on A4 with its warning on every sheet."""

from __future__ import annotations

from uad_core import RESEARCH_ONLY

CSS = f"""
:root{{color-scheme:light}}
*{{box-sizing:border-box}}
body{{font:14px/1.4 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif;color:#1a1a1a;background:#fff;
 max-width:68rem;margin:0 auto;padding:1rem}}
.banner{{background:#B34A00;color:#fff;font-weight:600;padding:.45rem .8rem;border-radius:3px;margin:0}}
header{{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;margin:.7rem 0 .4rem}}
h1{{font-size:1.45rem;margin:0}}h2{{font-size:1rem;margin:.9rem 0 .3rem;border-bottom:1px solid #0072B2}}
p{{margin:.3rem 0}}.small{{font-size:.85em;color:#444}}
.figures{{display:grid;grid-template-columns:1fr 1fr 1.4fr 2.2fr;gap:.6rem;margin:.4rem 0}}
.figures div{{background:#eef4f9;border-left:3px solid #0072B2;padding:.3rem .55rem}}
.figures b{{display:block;font-size:1.3rem;line-height:1.2}}.figures span{{font-size:.85em}}
.none{{font-size:1.15rem;font-weight:600;margin:.5rem 0}}
.doubt{{background:#fff3e0;border-left:3px solid #E69F00;padding:.3rem .55rem;margin:.4rem 0}}
.doubt ul{{margin:0;padding-left:1.1rem}}
.slices{{display:grid;grid-template-columns:repeat(3,1fr);gap:.6rem}}
.slices.few{{grid-template-columns:repeat(2,1fr)}}
figure{{margin:0;break-inside:avoid}}figcaption{{font-size:.85em;padding-top:.1rem}}
.pair{{display:grid;grid-template-columns:1fr 1fr;gap:2px}}.pair div{{position:relative}}
.pair img{{width:100%;height:auto;display:block}}
.pair i{{position:absolute;transform:translateY(-50%);padding:0 1px;color:#fff;font:600 .72em/1 sans-serif;
 text-shadow:0 0 2px #000,0 0 2px #000,0 0 3px #000}}
.columns{{display:grid;grid-auto-flow:column;grid-auto-columns:1fr;gap:1.1rem;align-items:start}}
.columns.wide{{grid-template-columns:1.45fr 1fr}}.columns.three{{grid-template-columns:1fr 1.1fr 1.6fr}}
.columns.two{{grid-template-columns:1fr 1.6fr}}.columns>*{{min-width:0}}
svg{{width:100%;max-width:28rem;height:auto;display:block}}
table{{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92em}}
th,td{{padding:.12rem .4rem;text-align:right;border-bottom:1px solid #ddd;vertical-align:top}}
th{{font-weight:600;background:#f4f4f4}}
.regions :is(th,td):is(:nth-child(3),:nth-child(4)),.facts :is(th,td){{text-align:left}}
.facts th{{white-space:nowrap;background:none;padding-left:0}}.facts td{{overflow-wrap:anywhere}}
ol{{margin:.2rem 0;padding-left:1.3rem;font-size:.92em}}
pre{{background:#f4f4f4;padding:.3rem .5rem;margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.88em}}
@page{{size:A4;margin:7mm 10mm 9mm;
 @bottom-left{{content:"{RESEARCH_ONLY}";font:7pt sans-serif;color:#B34A00}}
 @bottom-right{{content:counter(page) " / " counter(pages);font:7pt sans-serif;color:#444}}}}
@media print{{
 html{{font-size:9.6pt}}
 *{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
 body{{font-size:7.5pt;line-height:1.28;max-width:none;padding:0}}
 section,table,.figures,.doubt{{break-inside:avoid}}
}}
"""
