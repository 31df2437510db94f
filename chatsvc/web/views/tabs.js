/** A row of tabs above what they show; the arrow keys move between them. */

import { html } from "./dom.js";

/** @typedef {{label: string, tabs: {name: string, label: string}[], chosen: string, choose: (name: string) => void, children?: unknown}} Props */

/** @param {Props} props */
export function Tabs({ label, tabs, chosen, choose, children }) {
    return html`<div class="tabs" role="tablist" aria-label=${label}>
            ${tabs.map(({ name, label }) => html`<button type="button" role="tab" key=${name} id=${`tab-${name}`} aria-selected=${name === chosen} aria-controls="tab-shown" tabindex=${name === chosen ? 0 : -1}
                onClick=${() => choose(name)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => pressed(event, tabs, name, choose)}>${label}</button>`)}
        </div>
        <section role="tabpanel" id="tab-shown" aria-labelledby=${`tab-${chosen}`}>${children}</section>`;
}

/**
 * @param {KeyboardEvent} event
 * @param {{name: string}[]} tabs
 * @param {string} name
 * @param {(name: string) => void} choose
 */
function pressed(event, tabs, name, choose) {
    const steps = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!steps) return;
    const at = tabs.findIndex(tab => tab.name === name);
    const next = tabs[(at + steps + tabs.length) % tabs.length].name;
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
}
