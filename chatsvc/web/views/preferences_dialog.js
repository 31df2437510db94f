/** The settings of this browser. */

import { Dialog } from "./dialog.js";
import { html } from "./dom.js";

/** @typedef {import("../control/preferences.js").Preferences} Preferences */

/** @type {[string, string, [string, string][]][]} */
const CHOICES = [
    ["theme", "Theme", [["system", "Like the system"], ["light", "Light"], ["dark", "Dark"]]],
    ["density", "Density", [["comfortable", "Comfortable"], ["compact", "Compact"]]],
    ["hours", "Times", [["system", "Like the system"], ["12", "12 hours (2:02 PM)"], ["24", "24 hours (14:02)"]]],
];
/** @type {[string, string][]} */
const SWITCHES = [
    ["emoji", "Replace names such as :tea: by emoji"],
    ["typing", "Show others when I am typing"],
];

/** @param {import("./dialogs.js").DialogProps} props */
export function PreferencesDialog({ session, page }) {
    const { preferences } = session;
    /** @type {Record<string, any>} */
    const values = preferences.values;
    /** @param {string} name @param {unknown} value */
    const set = (name, value) => preferences.set(/** @type {any} */ (name), /** @type {any} */ (value));
    return html`<${Dialog} title="Preferences" close=${() => page.closeDialog()}>
        ${CHOICES.map(([name, label, choices]) => html`<fieldset key=${name} class="segments"><legend>${label}</legend>
            ${choices.map(([value, text]) => html`<label key=${value}><input type="radio" name=${name} checked=${values[name] === value} onChange=${() => set(name, value)} /><span>${text}</span></label>`)}
        </fieldset>`)}
        ${SWITCHES.map(([name, label]) => html`<label key=${name} class="check"><input type="checkbox" checked=${values[name]} onChange=${() => set(name, !values[name])} /> ${label}</label>`)}
        <label class="field-label">Words that notify you like your name
            <input defaultValue=${values.highlights} placeholder="tea, football" autocomplete="off" onChange=${(/** @type {any} */ event) => set("highlights", event.target.value)} />
            <small class="muted">separated by commas</small></label>
        <p class="muted">These settings are kept in this browser.</p>
    </${Dialog}>`;
}
