/** The settings of this browser. */

import { permission } from "../control/notifications.js";
import { Dialog } from "./dialog.js";
import { html } from "./dom.js";

/** @typedef {import("../control/preferences.js").Preferences} Preferences */

/** @type {[string, string, [string, string][]][]} */
const CHOICES = [
    ["theme", "Theme", [["system", "Like the system"], ["light", "Light"], ["dark", "Dark"]]],
    ["density", "Density", [["comfortable", "Comfortable"], ["compact", "Compact"]]],
    ["notify", "Notify me about", [["mentions", "Mentions and private messages"], ["all", "All messages"], ["off", "Nothing"]]],
    ["hours", "Times", [["system", "Like the system"], ["12", "12 hours (2:02 PM)"], ["24", "24 hours (14:02)"]]],
];
/** @type {[string, string][]} */
const SWITCHES = [
    ["sound", "Play a sound with a notification"],
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
        <${DesktopSwitch} on=${values.desktop} set=${(/** @type {boolean} */ on) => set("desktop", on)} />
        <label class="field-label">Words that notify you like your name
            <input defaultValue=${values.highlights} placeholder="tea, football" autocomplete="off" onChange=${(/** @type {any} */ event) => set("highlights", event.target.value)} />
            <small class="muted">separated by commas</small></label>
        <p class="muted">These settings are kept in this browser.</p>
    </${Dialog}>`;
}

/** Notifications on the desktop, for which the browser asks when they are switched on. @param {{on: boolean, set: (on: boolean) => void}} props */
function DesktopSwitch({ on, set }) {
    const state = permission();
    /** @param {Event} event */
    const toggle = async ({ target }) => {
        const wanted = !on && await Notification.requestPermission() === "granted";
        /** @type {HTMLInputElement} */ (target).checked = wanted; // if the user has not allowed it
        set(wanted);
    };
    return html`<label class="check"><input type="checkbox" disabled=${state === "unavailable"} checked=${on && state === "granted"} onChange=${toggle} /> Show notifications on the desktop</label>
        ${state === "unavailable" && html`<small class="muted">Browsers show notifications only for encrypted connections.</small>`}
        ${state === "denied" && html`<small class="muted">You have blocked notifications of this page. Allow them in the settings of your browser.</small>`}`;
}
