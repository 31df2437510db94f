/** Where the user writes: several lines, a draft for each buffer, completion, and earlier messages. */

import { SERVER, titleOf } from "../model/buffers.js";
import { shortcut } from "../model/keys.js";
import { Component, html } from "./dom.js";
import { Icon } from "./icons.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/completion.js").Completion} Completion */
/** Suggestions: `chosen` is the one that Enter takes, -1 for none; `pasted` is a number of lines to ask about. @typedef {{completion: Completion | null, chosen: number, pasted: number}} Suggestions */

const SHOWN = 8; // suggestions
const MANY = 3; // more pasted lines than this may have been meant as separate messages
const ASKED_FOR = /(^\/\S*|(^|\s)[@#]\S*|(^|\s):[\w+-]{2,})$/; // words that are completed without Tab

/** @extends {Component<{session: ChatSession}, Suggestions>} */
export class Composer extends Component {
    /** @type {HTMLTextAreaElement | null} */
    _area = null;
    /** @type {Buffer | null} */
    _pane = null;
    /** @type {Buffer | null} the buffer whose field was given the focus */
    _focused = null;
    _begun = false; // a room was shown
    _back = 0; // how many messages ago the shown one was sent
    state = /** @type {Suggestions} */ ({ completion: null, chosen: -1, pasted: 0 });

    componentDidMount() {
        this.props.session.giveBack = (text, pane) => this._giveBack(text, pane);
        this.props.session.insert = text => this._insert(text);
        this.props.session.state.whenSwitched = () => this._switch();
        this.componentDidUpdate();
    }

    componentDidUpdate() {
        this._switch();
        if (this._focused === this._pane) return;
        this._focused = this._pane;
        if (matchMedia("(pointer: fine)").matches) this._area?.focus();
    }

    render() {
        const { session } = this.props;
        const { pane } = session.state;
        const { completion, chosen, pasted } = this.state;
        const label = pane.name === SERVER ? "Command" : `Message ${titleOf(pane)}`;
        const shown = completion?.candidates.slice(0, SHOWN) ?? [];
        const usage = completion ? "" : session.later.completion?.hint(this._area?.value ?? "", session.input.all);
        return html`<form class="composer" onSubmit=${this._submit}>
            ${shown.length > 0 && html`<ul class="suggestions" id="suggestions" role="listbox" aria-label="Suggestions">
                ${shown.map((each, at) => html`<li key=${at} id=${`suggestion-${at}`} role="option" aria-selected=${at === chosen}
                    onMouseDown=${(/** @type {Event} */ event) => (event.preventDefault(), this._take(at))}>
                    <bdi>${each.text.trim()}</bdi> <span class="muted">${each.about}</span></li>`)}
            </ul>`}
            ${usage && html`<p class="hint">${usage}</p>`}
            ${pasted > 0 && html`<p class="hint pasted" role="status">You pasted ${pasted} lines.
                <button type="button" class="secondary small" onClick=${() => this._sendPasted(text => [text])}>Send as one message</button>
                <button type="button" class="secondary small" onClick=${() => this._sendPasted(linesOf)}>Send as ${pasted} messages</button></p>`}
            <div class="field">
                <textarea rows="1" name="text" aria-label=${label} placeholder=${label} autocomplete="off" enterkeyhint="send"
                    aria-autocomplete="list" aria-controls=${shown.length ? "suggestions" : undefined} aria-activedescendant=${chosen >= 0 && shown.length ? `suggestion-${chosen}` : undefined}
                    ref=${(/** @type {HTMLTextAreaElement | null} */ element) => (this._area = element)}
                    onInput=${this._input} onPaste=${this._pasted} onKeyDown=${this._pressed} onBlur=${() => this._close()}></textarea>
                <button class="send" aria-label="Send"><${Icon} name="send" /></button>
            </div>
        </form>`;
    }

    // The draft

    /** Show the draft of the current buffer, at once: the next key may be pressed before the page is drawn, and belongs to that buffer. */
    _switch() {
        const { session } = this.props;
        const { pane } = session.state;
        if (pane === this._pane || this._area === null) return;
        if (!this._begun && this._pane?.draft) this._carryOver(this._pane, pane);
        this._begun ||= pane.name !== SERVER;
        this._pane = pane;
        this._back = 0;
        pane.draft ||= session.keepsakes.draft(pane.name);
        this._show(pane.draft);
        this._close();
    }

    /**
     * Move what was typed while the first room was being joined to that room.
     * @param {Buffer} from
     * @param {Buffer} to
     */
    _carryOver(from, to) {
        to.draft ||= from.draft;
        this._keep("");
    }

    /** @param {string} text */
    _show(text, at = text.length) {
        const area = this._area;
        if (area === null) return;
        area.value = text;
        area.setSelectionRange(at, at);
        this._keep(text);
        this._grow(area);
    }

    /** @param {string} text */
    _keep(text) {
        if (this._pane === null) return;
        this._pane.draft = text;
        this.props.session.keepsakes.keepDraft(this._pane.name, text);
    }

    /** @param {HTMLTextAreaElement} area */
    _grow(area) {
        area.style.height = "auto";
        area.style.height = `${area.scrollHeight}px`;
    }

    /**
     * Restore a refused text, unless the user is writing another one: then it is in the history.
     * @param {string} text
     * @param {Buffer} pane
     */
    _giveBack(text, pane) {
        if (pane === this._pane && this._area) return this._area.value ? undefined : this._show(text);
        if (!pane.draft) {
            pane.draft = text;
            this.props.session.keepsakes.keepDraft(pane.name, text);
        }
    }

    /** Insert a text, such as a name to address, at the cursor. @param {string} text */
    _insert(text) {
        const area = this._area;
        if (area === null) return;
        const { value, selectionStart: start, selectionEnd: end } = area;
        const added = value ? text.replace(/: $/, " ") : text;
        this._show(value.slice(0, start) + added + value.slice(end), start + added.length);
        area.focus();
    }

    // What the user does

    _input = () => {
        const area = this._area, { session } = this.props;
        if (area === null || this._pane === null) return;
        this._back = 0;
        if (this.state.pasted && !area.value.includes("\n")) this.setState({ pasted: 0 });
        this._keep(area.value);
        this._grow(area);
        session.typing.typed(area.value, this._pane, session.now);
        if (/^\/|#/.test(area.value)) void this._learn(area);
        this._offer(area);
    };

    /** Request the commands or rooms that the user is about to type; offer those that match what is typed by then. @param {HTMLTextAreaElement} area */
    async _learn(area) {
        const { session } = this.props;
        if (await session.later.completing() && await session.later.source?.sourceOf(session).aboutToName(area.value)) this._offer(area);
    }

    /** Suggest completions if the word before the cursor is one that is completed without Tab. @param {HTMLTextAreaElement} area */
    _offer(area) {
        const { later } = this.props.session;
        if (!ASKED_FOR.test(area.value.slice(0, area.selectionStart))) this._close();
        else if (later.completion) this._suggest();
        else void later.completing().then(loaded => loaded && this._offer(area));
    }

    /** @param {Event} event */
    _submit = event => {
        event.preventDefault();
        this._send();
    };

    /** @param {KeyboardEvent} event */
    _pressed = event => {
        if (event.isComposing || event.keyCode === 229) return; // the key belongs to the input method
        const name = shortcut(event, "input");
        if (name !== null && this._do(name)) event.preventDefault();
    };

    /**
     * Do what a shortcut stands for; return whether it stands for anything at the moment.
     * @param {import("../model/keys.js").ShortcutName} name
     * @returns {boolean}
     */
    _do(name) {
        const { completion, chosen } = this.state;
        switch (name) {
            case "send": return completion && chosen >= 0 ? this._take(chosen) : this._send();
            case "complete": return completion ? this._take(Math.max(chosen, 0)) : this._tab();
            case "older": return completion ? this._move(-1) : this._older(1);
            case "newer": return completion ? this._move(1) : this._older(-1);
            case "putAway": return completion ? this._close() : this._toPresent();
            default: return false; // the field itself starts a new line
        }
    }

    /** Send what is in the field. */
    _send() {
        const area = this._area, pane = this._pane, { session } = this.props;
        if (area === null || pane === null) return true;
        const text = area.value.replace(/\s+$/, "");
        if (!text) return true;
        if (session.input.commands.masked(text) === text && pane.sent.at(-1) !== text) pane.sent.push(text);
        this._back = 0;
        if (this.state.pasted) this.setState({ pasted: 0 });
        this._show("");
        this._close();
        session.typing.sent();
        session.input.typed(text, pane);
        session.state.returnToPresent();
        return true;
    }

    /** @param {ClipboardEvent} event */
    _pasted = event => {
        const count = linesOf(event.clipboardData?.getData("text/plain") ?? "").length;
        if (count > MANY) this.setState({ pasted: count });
    };

    /** Send what was pasted, in one or more messages, also what looks like a command. @param {(text: string) => string[]} parts */
    _sendPasted(parts) {
        const area = this._area, pane = this._pane, { session } = this.props;
        if (area === null || pane === null) return;
        for (const part of parts(area.value)) session.input.say(part, pane);
        this._show("");
        this.setState({ pasted: 0 });
        session.state.returnToPresent();
    }

    _toPresent() {
        this.props.session.state.returnToPresent();
        return true;
    }

    /** Show the message that was sent before or after the one that is shown. @param {number} steps */
    _older(steps) {
        const area = this._area, pane = this._pane;
        if (area === null || pane === null || (area.value && !this._back)) return false;
        const back = this._back + steps;
        if (back < 0 || back > pane.sent.length) return this._back > 0;
        this._show(back ? pane.sent[pane.sent.length - back] : "");
        this._back = back;
        return true;
    }

    // Suggestions

    /** Find suggestions for the word before the cursor. */
    _suggest(chosen = -1) {
        const area = this._area, pane = this._pane, { session } = this.props;
        if (area === null || pane === null) return false;
        const begin = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
        const { completion: module, source } = session.later;
        const found = source && module?.complete(area.value.slice(begin), area.selectionStart - begin, source.sourceOf(session).known(pane), begin === 0) || null;
        const completion = found && { ...found, start: found.start + begin, end: found.end + begin };
        this.setState({ completion, chosen: completion ? chosen : -1 });
        return completion !== null;
    }

    /** Complete the word before the cursor: the only candidate at once. */
    _tab() {
        const area = this._area;
        if (area === null || !/\S$/.test(area.value.slice(0, area.selectionStart))) return false;
        const { later } = this.props.session;
        if (later.completion) return this._suggest(0);
        void later.completing().then(loaded => loaded && setTimeout(() => this._do("complete"))); // each press, after the one before
        return true;
    }

    /** @param {number} steps */
    _move(steps) {
        const { completion, chosen } = this.state;
        const count = Math.min(completion?.candidates.length ?? 0, SHOWN);
        this.setState({ chosen: chosen < 0 && steps < 0 ? count - 1 : (chosen + steps + count) % count });
        return true;
    }

    /** Insert a suggestion. @param {number} at */
    _take(at) {
        const { completion } = this.state, area = this._area;
        if (completion === null || area === null) return false;
        const { text } = completion.candidates[at];
        this._show(area.value.slice(0, completion.start) + text + area.value.slice(completion.end), completion.start + text.length);
        return this._close();
    }

    _close() {
        if (this.state.completion !== null) this.setState({ completion: null, chosen: -1 });
        return true;
    }
}

/** Return the lines of a text that are not blank. @param {string} text */
function linesOf(text) {
    return text.split(/\r?\n/).filter(line => line.trim());
}
