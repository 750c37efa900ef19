//! How pictures and pages look: light, dark, on paper, on a phone.

use super::text::put;

/// A set of colours: what is written on what, and the colours of things, which the colour-blind can tell apart.
struct Theme {
    paper: &'static str,
    ink: &'static str,
    muted: &'static str,
    grid: &'static str,
    band: &'static str,
    /// Coordination overhead, and nothing else.
    red: &'static str,
    things: [&'static str; super::kinds::COLORS],
    /// What is written on each of them.
    on: [&'static str; super::kinds::COLORS],
}
const LIGHT: Theme = Theme {
    paper: "#ffffff",
    ink: "#1c2127",
    muted: "#5b6570",
    grid: "#e3e7eb",
    band: "#f5f7f9",
    red: "#d1242f",
    things: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#9a8b00", "#6b7580"],
    on: ["#ffffff", "#1c2127", "#0b1f18", "#1c2127", "#1c2127", "#111111", "#ffffff"],
};
const DARK: Theme = Theme {
    paper: "#161a1f",
    ink: "#e8ebee",
    muted: "#9aa5b1",
    grid: "#2b323a",
    band: "#1c2127",
    red: "#ff6b6b",
    things: ["#4ca6e0", "#f0b429", "#2cc29a", "#e39ac6", "#9bd6fa", "#d6c94a", "#a3adb8"],
    on: ["#11151a"; super::kinds::COLORS],
};

const FONT: &str = "system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif";

/// What the classes of a picture mean.
pub(super) fn of_charts() -> String {
    let mut css = format!(
        ".pic text{{font:12px {FONT}}}.pic .title{{font-size:16px;font-weight:600}}.pic .name{{font-size:13px}}.pic .small{{font-size:10px}}.pic .on{{font-size:11px}}\
         .pic .big{{font-weight:600}}.pic .tick,.pic .value{{font-variant-numeric:tabular-nums}}\
         .pic .s,.pic .axis,.pic .grid,.pic .path{{fill:none}}.pic .s{{stroke-width:2;stroke-linejoin:round}}\
         .pic .thin{{stroke-width:1.2}}.pic .dash{{stroke-dasharray:7 4}}.pic .dots{{stroke-dasharray:2 3}}\
         .pic .t{{fill-opacity:.2;stroke-width:1.2}}.pic .mid{{fill-opacity:.55}}.pic .dim{{fill-opacity:.22}}.pic .dot{{fill-opacity:.4}}\
         .pic .median{{stroke-width:3}}.pic .edge{{fill-opacity:0;stroke-width:2}}.pic .path{{stroke-width:1.2;stroke-dasharray:3 2}}\
         .pic .front{{fill:none;stroke-width:1.6}}.pic .outer{{fill:none;stroke-width:1;stroke-dasharray:2 4}}.pic .bound{{fill:none;stroke-width:1.4;stroke-dasharray:5 3}}\n"
    );
    of_theme(&mut css, &LIGHT);
    css.push_str("\n@media screen and (prefers-color-scheme:dark){");
    of_theme(&mut css, &DARK);
    css.push_str("}\n");
    css
}
fn of_theme(css: &mut String, theme: &Theme) {
    let Theme { paper, ink, muted, grid, band, red, things, on } = theme;
    put(
        css,
        format_args!(
            ".pic .paper{{fill:{paper}}}.pic text{{fill:{ink}}}.pic .muted,.pic .tick{{fill:{muted}}}.pic .grid{{stroke:{grid}}}\
             .pic .axis{{stroke:{muted}}}.pic .band{{fill:{band}}}.pic .edge,.pic .front,.pic .bound,.pic .path,.pic .outer{{stroke:{ink}}}\
             .pic .rim{{stroke:{paper};stroke-width:.7}}.pic .ring{{stroke:{ink};stroke-width:1.8}}.pic .red{{fill:{red}}}.pic .halo{{stroke:{paper};stroke-width:3.5}}"
        ),
    );
    for (n, color) in things.iter().enumerate() {
        put(
            css,
            format_args!(
                ".pic .k{n} .f{{fill:{color}}}.pic .k{n} .s,.pic .k{n} .median{{stroke:{color}}}.pic .k{n} .t{{fill:{color};stroke:{color}}}.pic .k{n} .on{{fill:{}}}",
                on[n]
            ),
        );
    }
}

/// How a page looks that holds pictures, tables and text.
pub(super) fn of_pages() -> String {
    let mut css = format!(
        "*{{box-sizing:border-box}}html{{-webkit-text-size-adjust:100%}}body{{margin:0;font:16px/1.55 {FONT}}}\
         main{{max-width:66rem;margin:0 auto;padding:2rem 1.25rem 3rem}}\
         h1{{font-size:1.75rem;line-height:1.25;margin:0 0 .35rem;overflow-wrap:anywhere}}\
         h2{{font-size:1.2rem;margin:2.5rem 0 .6rem;overflow-wrap:anywhere}}p{{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}}\
         .lead{{font-size:1.05rem;margin:0 0 1.5rem}}\
         .facts{{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1.25rem 0;padding:0}}\
         .facts div{{border:1px solid;border-radius:.6rem;padding:.6rem .85rem}}.facts dt{{font-size:.8rem}}\
         .facts dd{{margin:0;font-size:1.25rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}}\
         figure,.sheet{{margin:1rem 0;border:1px solid;border-radius:.6rem}}\
         figure{{overflow-x:auto;padding:.75rem}}figure svg{{display:block;width:100%;min-width:46rem;height:auto}}\
         .sheet{{overflow:auto;max-height:34rem}}table{{border-collapse:collapse;width:100%;font-size:.92rem}}\
         th,td{{padding:.4rem .8rem;text-align:left;vertical-align:baseline;white-space:nowrap}}\
         td.long{{white-space:normal;min-width:14rem;overflow-wrap:anywhere}}\
         th.n,td.n{{text-align:right;font-variant-numeric:tabular-nums}}thead th{{position:sticky;top:0;font-weight:600}}\
         td.best{{font-weight:700}}p.note{{font-size:.85rem;margin:-.4rem 0 1.25rem;max-width:none}}\
         pre{{margin:1rem 0;padding:.85rem 1rem;border-radius:.6rem;overflow-x:auto;\
         font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}}\
         footer{{margin-top:3rem;font-size:.85rem}}\
         @media (max-width:40rem){{main{{padding:1.25rem .85rem 2rem}}h1{{font-size:1.4rem}}th,td{{padding:.35rem .55rem}}\
         .facts{{grid-template-columns:repeat(2,1fr)}}}}\n"
    );
    colors_of_pages(&mut css, &LIGHT);
    css.push_str("\n@media screen and (prefers-color-scheme:dark){");
    colors_of_pages(&mut css, &DARK);
    css.push_str("}\n");
    // Last, so that paper is white whatever the screen is.
    css.push_str(
        "@media print{body{background:#fff}main{max-width:none;padding:0}figure,tr,.facts,pre{break-inside:avoid}h2{break-after:avoid}\
         .sheet{max-height:none;overflow:visible;border:0}thead{display:table-header-group}thead th{position:static}\
         figure{border:0;padding:0;overflow:visible}figure svg{min-width:0}pre{white-space:pre-wrap}\
         table{font-size:.8rem}th,td{padding:.25rem .4rem}th{white-space:normal}}\n",
    );
    css
}
fn colors_of_pages(css: &mut String, theme: &Theme) {
    let Theme { paper, ink, muted, grid, band, red, .. } = theme;
    put(
        css,
        format_args!(
            "body{{background:{band};color:{ink}}}.lead,.facts dt,p.note,footer,td.dim{{color:{muted}}}\
             figure,.sheet,.facts div{{background:{paper};border-color:{grid}}}pre{{background:{paper};border:1px solid {grid}}}\
             thead th{{background:{paper};box-shadow:inset 0 -1px {muted}}}tbody tr:nth-child(even){{background:{band}}}td.bad{{color:{red}}}"
        ),
    );
}
