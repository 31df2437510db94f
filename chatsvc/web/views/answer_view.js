/** A long answer of the server as rows with buttons. */

import { answer, following, hasMore, joined, ofPages } from "../model/answers.js";
import { Component, html } from "./dom.js";
import { copy, perform, problem } from "./perform.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("../model/answers.js").Answer} Answer */
/** @typedef {import("../model/answers.js").Act} Act */
/** @typedef {import("../model/answers.js").Row} Row */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {{session: ChatSession, page: import("./page.js").Page, command: string, given: Record<string, unknown>, event?: Event, loaded?: (event: Event) => void, as?: (event: Event) => Answer | null, fresh?: string}} Props */
/** @typedef {{event?: Event, wrong: string, said: string}} Shown */

const SET = "set"; // the server shows no password

/** Requests a list, and again after something in it was changed. @extends {Component<Props, Shown>} */
export class AnswerView extends Component {
    state = /** @type {Shown} */ ({ event: this.props.event, wrong: "", said: "" });
    _loads = 0;
    _pages = 1;

    componentDidMount() {
        if (!this.state.event) void this._load();
    }

    /** Load the list again if it is out of date. @param {Props} before */
    componentDidUpdate(before) {
        if (before.given.names !== this.props.given.names) this._pages = 1;
        if (before.fresh !== this.props.fresh) void this._load();
    }

    render() {
        const { event, wrong, said } = this.state;
        const shown = event && (this.props.as ?? answer)(event);
        return html`<div class="answer" aria-busy=${!event && !wrong}>
            ${!shown && !wrong && html`<p class="muted">Loading…</p>`}
            ${shown?.acts && html`<div class="buttons">${shown.acts.map(act => this._button(act, ""))}</div>`}
            ${shown && (shown.rows.length ? html`<ul class="answer-rows">${shown.rows.map((row, at) => this._row(row, at))}</ul>` : html`<p class="muted">${shown.none}</p>`)}
            ${event && hasMore(event, this._pages) && html`<button type="button" class="secondary small" onClick=${() => (this._pages++, this._load())}>Show more</button>`}
            <p class=${wrong ? "wrong" : "muted"} role="status">${wrong || said}</p>
        </div>`;
    }

    /**
     * @param {Row} row
     * @param {number} at
     */
    _row(row, at) {
        return html`<li key=${`${at} ${row.title}`}>
            <div class="grow-wrap"><bdi class="row-title">${row.title}</bdi>${row.about && html`<bdi class="muted row-about">${row.about}</bdi>`}</div>
            ${row.edit && this._editor(row)}
            ${row.acts?.map(act => this._button(act, row.title))}
        </li>`;
    }

    /**
     * @param {Act} act
     * @param {string} title
     */
    _button(act, title) {
        return html`<button type="button" key=${act.label} class=${act.danger ? "secondary small wrong" : "secondary small"}
            aria-label=${title ? `${act.label}: ${title}` : undefined} onClick=${(/** @type {MouseEvent} */ event) => this._do(act, event)}>${act.label}</button>`;
    }

    /** @param {Row} row */
    _editor({ edit, title }) {
        if (!edit) return "";
        if (!this._mayEdit) return html`<bdi>${edit.value || "off"}</bdi>`;
        const change = (/** @type {string} */ value) => this._do({ label: "", command: edit.command, given: { ...edit.given, [edit.field]: value || "off" } });
        if (edit.choices.length) return html`<select aria-label=${title} onChange=${(/** @type {any} */ event) => change(event.target.value)}>
            ${edit.choices.map(choice => html`<option key=${choice} selected=${choice === edit.value}>${choice}</option>`)}</select>`;
        return html`<form class="editor" onSubmit=${(/** @type {any} */ event) => (event.preventDefault(), change(event.target.elements.value.value.trim()))}>
            <input name="value" aria-label=${title} defaultValue=${["off", SET].includes(edit.value) ? "" : edit.value} placeholder=${edit.value === SET ? SET : "off"} autocomplete="off" />
            <button class="secondary small" aria-label=${`Save: ${title}`}>Save</button></form>`;
    }

    get _mayEdit() {
        return this.props.session.input.commands.listed.some(command => command.usage.startsWith("/set"));
    }

    async _load() {
        const { loaded } = this.props, load = ++this._loads;
        try {
            const event = await this._pagesOf(this._pages);
            if (load !== this._loads) return; // it was asked for again meanwhile
            this.setState({ event, wrong: "" });
            loaded?.(event);
        } catch (error) {
            this.setState({ wrong: problem(error) });
        }
    }

    /** Return the first pages of the list as one answer. @param {number} pages @returns {Promise<Event>} */
    async _pagesOf(pages) {
        const { session, command, given } = this.props;
        let event = await session.connection.ask(command, { ...ofPages(command, pages), ...given });
        for (let page = 1; page < pages && following(event); page++) event = joined(event, await session.connection.ask(command, { ...given, ...following(event) }));
        return event;
    }

    /**
     * @param {Act} act
     * @param {MouseEvent} [event]
     */
    async _do(act, event) {
        const { session, page } = this.props;
        if (act.copy) return copy(act.copy), this.setState({ said: "Copied." });
        if (act.person) return page.openDialog("person", { name: act.person, anchor: /** @type {Element | undefined} */ (event?.currentTarget)?.getBoundingClientRect() });
        if (act.room) return page.closeDialog(), session.goTo(act.room);
        if (act.jump) return page.closeDialog(), void session.jump(...act.jump);
        if (!act.command) return;
        if (act.form || act.list) return void perform(session, page, { label: act.label, command: act.command, given: act.given ?? {}, form: act.form });
        try {
            await session.input.perform(act.command, act.given ?? {});
            this.setState({ said: "Done.", wrong: "" });
        } catch (error) {
            this.setState({ wrong: problem(error), said: "" });
        }
        await this._load();
    }
}

/** A list in a dialog of its own. @extends {Component<DialogProps, {heading?: string}>} */
export class AnswerDialog extends Component {
    state = /** @type {{heading?: string}} */ ({});

    render() {
        const { session, page, about } = this.props;
        const heading = this.state.heading ?? (about.event && answer(about.event)?.heading) ?? "…";
        return html`<${Dialog} title=${heading} wide close=${() => page.closeDialog()}>
            <${AnswerView} session=${session} page=${page} ...${about} loaded=${(/** @type {Event} */ event) => this.setState({ heading: answer(event)?.heading })} />
        </${Dialog}>`;
    }
}
