/** Finds rooms, people and commands by a few letters. */

import { sourceOf } from "../control/completion_source.js";
import { may, sentence } from "../model/actions.js";
import { SERVER, titleOf } from "../model/buffers.js";
import { nameOf } from "../model/commands.js";
import { ranked } from "../model/fuzzy.js";
import { key } from "../model/text_rules.js";
import { Modal } from "./dialog.js";
import { html } from "./dom.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** What can be chosen; it is found by its `text`. @typedef {{text: string, about: string, do: () => void}} Choice */

const SHOWN = 12;

/** @extends {Modal<DialogProps & {close: () => void}>} */
export class Switcher extends Modal {
    state = { query: "", chosen: 0 };

    componentDidMount() {
        super.componentDidMount();
        const { session } = this.props;
        void sourceOf(session).askRooms();
        void sourceOf(session).askCommands();
    }

    render() {
        const { query, chosen } = this.state;
        const found = this._found();
        return html`<dialog class="dialog switcher" aria-label="Go to" ...${this.frame}>
            <input role="combobox" aria-label="Room, person or command" placeholder="Room, person or command" autocomplete="off" autofocus aria-expanded="true" aria-controls="switcher-list"
                aria-activedescendant=${found.length ? `choice-${chosen}` : undefined} value=${query} onKeyDown=${this._pressed}
                onInput=${(/** @type {any} */ event) => this.setState({ query: event.target.value, chosen: 0 })} />
            <ul id="switcher-list" role="listbox" aria-label="Choices">
                ${found.map((choice, at) => html`<li key=${`${choice.about} ${choice.text}`} id=${`choice-${at}`} role="option" aria-selected=${at === chosen} onClick=${() => this._choose(choice)}>
                    <bdi class="grow">${choice.text}</bdi><span class="muted">${choice.about}</span></li>`)}
            </ul>
            ${!found.length && html`<p class="muted switcher-none">Nothing found. Enter joins or creates the room <bdi>#${query.replace(/^#/, "")}</bdi>.</p>`}
        </dialog>`;
    }

    _found() {
        return ranked(this._choices(), choice => choice.text, this.state.query).slice(0, SHOWN);
    }

    /** @returns {Choice[]} */
    _choices() {
        const { session, page } = this.props;
        const { state } = session;
        const panes = session.listed.filter(pane => pane.name !== SERVER && pane !== state.pane).sort((one, other) => other.mentions - one.mentions || other.unread - one.unread);
        const known = new Set([...state.panes.keys()].map(key));
        const people = new Map([...state.panes.values()].flatMap(pane => [...pane.people.values()]).map(one => [key(one.name), one.name]));
        people.delete(key(state.name));
        return [
            ...panes.map(pane => ({ text: titleOf(pane), about: pane.unread ? `${pane.unread} unread` : pane.private ? "conversation" : "room", do: () => session.lookAt(pane.name) })),
            ...sourceOf(session).rooms.filter(place => !known.has(key(place.room))).map(place => ({ text: place.room, about: "join", do: () => session.goTo(place.room) })),
            ...[...people.values()].filter(name => !known.has(key(`@${name}`))).map(name => ({ text: name, about: "write to", do: () => session.lookAt(`@${name}`) })),
            ...DIALOGS.filter(([dialog]) => dialog !== "moderation" || may(session.input.all, "bans")).map(([dialog, text]) => ({ text, about: "open", do: () => page.openDialog(dialog) })),
            ...session.input.commands.listed.map(command => ({ text: `/${nameOf(command)}`, about: sentence(command.help).slice(0, 60),
                do: () => page.openDialog("command", { label: "", command: nameOf(command), given: {} }) })),
        ];
    }

    /** @param {Choice} choice */
    _choose(choice) {
        this.props.close();
        choice.do();
    }

    _pressed = (/** @type {KeyboardEvent} */ event) => {
        if (event.isComposing) return;
        const found = this._found();
        const steps = event.key === "ArrowDown" || (event.key === "Tab" && !event.shiftKey) ? 1 : event.key === "ArrowUp" || event.key === "Tab" ? -1 : 0;
        if (steps && found.length) this.setState({ chosen: (this.state.chosen + steps + found.length) % found.length });
        else if (event.key === "Enter" && found.length) this._choose(found[this.state.chosen]);
        else if (event.key === "Enter" && this.state.query.trim()) this._choose({ text: "", about: "", do: () => this.props.session.goTo(`#${this.state.query.trim().replace(/^#/, "")}`) });
        else return;
        event.preventDefault();
    };
}

/** @type {[string, string][]} */
const DIALOGS = [["rooms", "Rooms"], ["search", "Search messages"], ["jump", "Go to a time or number"], ["account", "Account"], ["preferences", "Preferences"], ["share", "Share this chat"],
    ["moderation", "Moderation"], ["keys", "Keyboard shortcuts"], ["commands", "All commands"]];
