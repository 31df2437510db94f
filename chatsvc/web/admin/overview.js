/** How the service is doing: figures and charts. */

import { statusRows } from "../model/answers.js";
import { html } from "../views/dom.js";
import { points, series } from "./samples.js";

/** @typedef {import("../model/items.js").Event} Event */

/** @param {{samples: Event[], lockDown: (on: boolean) => void}} props */
export function Overview({ samples, lockDown }) {
    const status = samples.at(-1);
    if (status === undefined) return html`<p class="muted">Loading…</p>`;
    return html`<section aria-labelledby="figures"><h2 id="figures" class="unseen">Figures</h2>
        <dl class="tiles">${statusRows(status).map(({ title, about }) => html`<div key=${title}><dt>${title}</dt><dd>${about}</dd></div>`)}</dl>
        <div class="charts">${series(samples).map(each => html`<${Chart} key=${each.label} series=${each} />`)}</div>
        <button type="button" class="secondary" aria-pressed=${Boolean(status.lockdown)} onClick=${() => lockDown(!status.lockdown)}>
            ${status.lockdown ? "End the lockdown" : "Lockdown: only registered users can join"}</button>
    </section>`;
}

/** @param {{series: import("./samples.js").Series}} props */
function Chart({ series: { label, unit, values, now, most } }) {
    const said = `${label}: ${now}${unit}, at most ${most}${unit} since this page was opened`;
    return html`<figure>
        <figcaption><b>${label}</b> <span class="muted">${now}${unit} (at most ${most}${unit})</span></figcaption>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=${said}>
            <polyline points=${points({ label, unit, values, now, most })} />
        </svg>
    </figure>`;
}
