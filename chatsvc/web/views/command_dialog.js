/** A form for the arguments of a command of the server. */

import { sourceOf } from "../control/completion_source.js";
import { fieldsOf, sentence } from "../model/actions.js";
import { nameOf } from "../model/commands.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";
import { problem, show } from "./perform.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** @typedef {import("../model/actions.js").Field} Field */
/** What the form is about: `given` is not asked for, `values` are filled in. @typedef {{label: string, command: string, given: Record<string, unknown>, values?: Record<string, string>, quote?: string}} About */

/** Asks for what is not given. @extends {Component<DialogProps, {busy: boolean, wrong: string}>} */
export class CommandDialog extends Component {
    state = { busy: false, wrong: "" };

    render() {
        const { session, page } = this.props;
        const { label, command: name, given, values = {}, quote } = /** @type {About} */ (this.props.about);
        void sourceOf(session).askCommands(); // again when the connection is back
        const command = session.input.all.find(each => nameOf(each) === name);
        const asked = command ? fieldsOf(command).filter(field => !(field.name in given) && field.name !== "here") : [];
        const fields = [...asked.filter(field => field.kind !== "flag"), ...asked.filter(field => field.kind === "flag")];
        const everywhere = command !== undefined && command.usage.includes("[--here]") && "room" in given && session.isOperator;
        const { busy, wrong } = this.state;
        return html`<${Dialog} title=${titleOf(label, name, given)} close=${() => page.closeDialog()}>
            ${quote && html`<blockquote class="quote"><bdi>${quote}</bdi></blockquote>`}
            ${command && html`<p class="muted">${sentence(command.help.split("; --")[0])}.</p>`}
            <form class="stack" onSubmit=${this._submit}>
                ${fields.map((field, at) => html`<${Input} key=${field.name} field=${field} value=${values[field.name]} first=${at === 0} session=${session} />`)}
                ${name === "invite" && html`<label>Room <select name="room" defaultValue=${String(given.room ?? "")}>
                    ${rooms(session).map(room => html`<option key=${room} selected=${room === given.room}>${room}</option>`)}</select></label>`}
                ${everywhere && html`<fieldset><legend>Where</legend>
                    <label class="check"><input type="radio" name="where" value="here" defaultChecked /> <bdi>only in ${given.room}</bdi></label>
                    <label class="check"><input type="radio" name="where" value="everywhere" /> in the whole chat</label></fieldset>`}
                ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
                <div class="buttons">
                    <button type="button" class="secondary" onClick=${() => page.closeDialog()}>Cancel</button>
                    <button class="primary" disabled=${busy || !command}>${busy ? "Waiting…" : verb(label, name)}</button>
                </div>
            </form>
        </${Dialog}>`;
    }

    /** @param {SubmitEvent} event */
    _submit = async event => {
        event.preventDefault();
        const { session, page, about: { command, given } } = this.props;
        const opened = page.dialog;
        this.setState({ busy: true, wrong: "" });
        try {
            const all = argumentsOf(/** @type {HTMLFormElement} */ (event.target), given);
            const answered = await session.input.perform(command, all);
            if (page.dialog === opened && !show(page, answered, command, all)) page.closeDialog();
        } catch (error) {
            this.setState({ busy: false, wrong: problem(error) });
        }
    };
}

/**
 * Return the arguments: those given, and those in the form.
 * @param {HTMLFormElement} form
 * @param {Record<string, unknown>} given
 */
function argumentsOf(form, given) {
    const { where, ...written } = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    const flags = [...form.querySelectorAll("input[type=checkbox]")].map(each => /** @type {HTMLInputElement} */ (each).name);
    const entries = Object.entries({ ...given, ...written }).filter(([name, value]) => value !== "" && !(name === "room" && where === "everywhere"));
    return Object.fromEntries(entries.map(([name, value]) => [name, flags.includes(name) ? true : value]));
}

/**
 * Return the title: what is done, and to whom.
 * @param {string} label
 * @param {string} name
 * @param {Record<string, unknown>} given
 */
function titleOf(label, name, given) {
    const whom = String(given.who ?? given.name ?? "");
    const what = label.replace(/…$/, "") || sentence(name.replaceAll("-", " "));
    return whom && !what.includes(whom) ? `${what}: ${whom}` : what;
}

/** @param {import("../control/chat_session.js").ChatSession} session */
function rooms(session) {
    return [...session.state.panes.values()].filter(pane => pane.name.startsWith("#") && pane.inside).map(pane => pane.name);
}

/**
 * Return what the button says.
 * @param {string} label
 * @param {string} name
 */
function verb(label, name) {
    const word = label.replace(/…$/, "").split(" ")[0];
    return label && word.length < 12 ? word : sentence(name.split("-")[0]);
}

/** One argument. @param {{field: Field, value?: string, first?: boolean, session: import("../control/chat_session.js").ChatSession}} props */
export function Input({ field, value = "", first = false, session }) {
    const { name, label, needed, kind, hint, choices, fill } = field;
    const optional = needed ? "" : html` <span class="muted">(optional)</span>`;
    if (kind === "flag") return html`<label class="check"><input type="checkbox" name=${name} /> ${label}</label>`;
    const named = ["name", "who", "names"].includes(name);
    const known = named ? sourceOf(session).known(session.state.pane).names : name === "room" ? rooms(session) : kind === "text" ? choices : undefined;
    return html`<label><span>${label}${optional}</span>
        ${kind === "choice" ? html`<select name=${name}><option value=""></option>${choices?.map(choice => html`<option key=${choice} selected=${choice === value}>${choice}</option>`)}</select>`
            : kind === "long" ? html`<textarea name=${name} rows="3" required=${needed} defaultValue=${value} autofocus=${first}></textarea>`
            : html`<input name=${name} type=${kind} required=${needed} defaultValue=${value} autocomplete=${fill ?? "off"} autocapitalize="none" autofocus=${first}
                list=${known && `known-${name}`} aria-describedby=${hint && `hint-${name}`} />`}
        ${hint && html`<small class="muted" id=${`hint-${name}`}>${hint}</small>`}
        ${known && html`<datalist id=${`known-${name}`}>${known.slice(0, 50).map(each => html`<option key=${each} value=${each}></option>`)}</datalist>`}
    </label>`;
}

