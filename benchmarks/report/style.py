"""Colours and layout of the page, on top of those that all our reports share."""

from __future__ import annotations

# Name -> colour on light paper, colour on dark paper. Each can be read as text on its paper (4.5 to 1), and
# no two of the first four become one to a colour-blind eye; shapes and words tell apart what colours do.
PALETTE = {
    "paper": ("#fdfcfa", "#16191d"),
    "ink": ("#1d2733", "#e6e4df"),
    "quiet": ("#5d6672", "#9aa3ad"),
    "first": ("#0a7c96", "#8ae6f2"),
    "second": ("#8a2c05", "#e07a52"),
    "third": ("#2f0aa6", "#8f70f7"),
    "fourth": ("#8e6c07", "#f2ee5a"),
    "fifth": ("#5b0f45", "#e0569b"),
    "sixth": ("#1f5fe0", "#76b7f8"),
    "worse": ("#a61b1b", "#ff8f85"),
}
LINES = ("first", "second", "third", "fourth", "fifth", "sixth")
# Wider screens see the broad drawing of a plot, others the narrow one; both fit their column.
BROAD_PX, NARROW_PX, PANEL_PX = 960, 324, 304
_NARROWER_THAN_PX = 760

_LAYOUT = f"""
h1, h2, h3 {{ line-height: 1.25; overflow-wrap: anywhere; }} h2 {{ border-top: 1px solid var(--line);
  padding-top: 1.4rem; margin-top: 2.4rem; font-size: 1.3rem; }}
h3 {{ font-size: 1rem; margin: 1.6rem 0 .4rem; }}
p, dd, li {{ overflow-wrap: anywhere; }} p.note, .note p {{ color: var(--quiet); font-size: .9rem; }}
nav {{ display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 1.2rem; }} a {{ color: var(--first); }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }}
dt {{ color: var(--quiet); }} dd {{ margin: 0; }}
table {{ font-size: .88rem; }} .wide {{ margin: .3rem 0 1rem; }}
th, td {{ white-space: nowrap; vertical-align: top; }}
td:last-child:not(.number) {{ white-space: normal; min-width: 5rem; }}
tr:first-child th {{ vertical-align: bottom; }}
figure {{ margin: .4rem 0 1rem; }} svg {{ display: block; }} svg text {{ font-size: 12px; paint-order: stroke;
  stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }}
svg text.head {{ fill: var(--ink); font-weight: 600; font-size: 13px; }} svg text.name {{ fill: var(--ink); }}
.panels {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, {PANEL_PX}px), 1fr));
  gap: 1rem 1.4rem; }} .pairs {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%,
  450px), 1fr)); gap: 1rem 1.4rem; }}
.narrow {{ display: none; }} details {{ margin: .4rem 0 1rem; }}
summary {{ cursor: pointer; color: var(--quiet); }}
.banner, .held {{ border: 2px solid var(--worse); border-left-width: .7rem; padding: .6rem 1rem;
  border-radius: 4px; }} .banner strong {{ color: var(--worse); }} .held {{ border-color: var(--first); }}
@media screen and (max-width: {_NARROWER_THAN_PX}px) {{
  .broad {{ display: none; }} .narrow {{ display: block; }}
  body {{ margin: 1rem auto; }} dl {{ grid-template-columns: 1fr; }} dd {{ margin: 0 0 .4rem; }} }}
@media print {{ body {{ max-width: none; margin: 0; font-size: 11px; }} nav {{ display: none; }}
  .wide {{ overflow: visible; }} table {{ font-size: 9px; }} th, td {{ white-space: normal; }}
  figure, svg, tr {{ break-inside: avoid; }} h2, h3 {{ break-after: avoid; }}
  details::details-content {{ content-visibility: visible; block-size: auto; }} }}
"""


def style() -> str:
    """Return the CSS."""
    light, dark = (
        " ".join(f"--{name}: {colours[side]};" for name, colours in PALETTE.items()) for side in (0, 1)
    )
    # Paper is white, whatever the screen was.
    return (
        f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"@media print {{ :root {{ color-scheme: light; {light} --line: #d8d4cc; }} }}\n{_LAYOUT}"
    )
