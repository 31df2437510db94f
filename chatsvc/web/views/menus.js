/** The menus of a person, a message, a room, and of the user's own name. */

import { sourceOf } from "../control/completion_source.js";
import { inRoom, may, personActions } from "../model/actions.js";
import { facts } from "../model/answers.js";
import { SERVER, titleOf } from "../model/buffers.js";
import { copied } from "../model/copying.js";
import { pieces } from "../model/links.js";
import { key } from "../model/text_rules.js";
import { Component, html } from "./dom.js";
import { Avatar } from "./line.js";
import { Menu } from "./menu.js";
import { copy, perform } from "./perform.js";

/** @typedef {import("./dialogs.js").DialogProps} DialogProps */
/** @typedef {import("./menu.js").Entry} Entry */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("../model/items.js").Spoken} Spoken */
/** @typedef {import("../model/buffers.js").Buffer} Buffer */

/**
 * A person: who they are, and what you may do. `about` has the name and, beside what to open, the anchor.
 * @extends {Component<DialogProps, {person?: Event, absent?: string, ignored?: boolean}>}
 */
export class PersonMenu extends Component {
    state = /** @type {{person?: Event, absent?: string, ignored?: boolean}} */ ({});

    componentDidMount() {
        const { session, about } = this.props;
        void sourceOf(session).askCommands();
        session.connection.ask("whois", { name: about.name }).then(person => this.setState({ person }), () => this.setState({ absent: "offline" }));
        session.connection.ask("ignore", {}).then(event =>
            this.setState({ ignored: (event.names ?? []).some((/** @type {string} */ name) => key(name) === key(about.name)) }), () => {});
    }

    render() {
        const { session, page, about } = this.props;
        const { person, absent } = this.state;
        return html`<${Menu} label=${about.name} anchor=${about.anchor} close=${() => page.closeDialog()} groups=${this._groups()}>
            <div class="menu-head"><${Avatar} name=${about.name} /><strong class="grow"><bdi>${about.name}</bdi></strong>
                <span class="muted">${isMe(session, about.name) ? "you" : absent ?? ""}</span></div>
            ${person && html`<dl class="facts">${facts(person).map(row => html`<div key=${row.title}><dt>${row.title}</dt><dd><bdi>${row.about}</bdi></dd></div>`)}</dl>`}
        </${Menu}>`;
    }

    /** @returns {Entry[][]} */
    _groups() {
        const { session, page, about: { name } } = this.props;
        const { pane } = session.state, commands = session.input.all;
        if (isMe(session, name)) return ownGroups(this.props).slice(0, 1);
        const role = pane.people.get(key(name))?.role ?? null;
        const actions = personActions(commands, name, pane.private ? "" : pane.name, role);
        const entries = actions.map(action => ({ ...action, do: () => void perform(session, page, action) }));
        return [
            [
                { label: "Private message", do: () => session.lookAt(`@${name}`) },
                ...(pane.private ? [] : [{ label: "Mention", do: () => session.insert(`${name}: `) }]),
                this._ignoring(name),
                ...(this.state.absent ? [{ label: "When were they here?", do: () => void perform(session, page, { label: "", command: "whowas", given: { name } }) }] : []),
            ],
            entries.filter(entry => !entry.danger), entries.filter(entry => entry.danger),
        ];
    }

    /** @param {string} name @returns {Entry} */
    _ignoring(name) {
        const { session, page } = this.props;
        const command = this.state.ignored ? "unignore" : "ignore";
        return { label: "Ignore", checked: this.state.ignored ?? false, do: () => void perform(session, page, { label: "", command, given: { name } }) };
    }
}

/** A message. @param {DialogProps} props */
export function LineMenu({ session, page, about }) {
    const item = /** @type {Spoken} */ (about.item), { pane } = session.state, { sender, number, text } = item;
    void sourceOf(session).askCommands();
    const commands = session.input.all, room = pane.name;
    const links = pieces(text).filter(piece => piece.link);
    const others = !item.own, moderates = may(commands, "kick") && !pane.private;
    /** @type {Entry[][]} */
    const groups = [
        [
            ...(others && !pane.private ? [{ label: `Reply to ${sender}`, do: () => session.insert(`${sender}: `) }] : []),
            ...(others ? [{ label: `About ${sender}…`, do: () => page.openDialog("person", { name: sender, anchor: about.anchor }) }] : []),
        ],
        [
            { label: "Copy message", do: () => copy(copied(item)) },
            ...links.map(link => ({ label: links.length > 1 ? `Copy ${link.text}` : "Copy link in the message", do: () => copy(link.text) })),
            ...(number ? [{ label: `Copy number ${number}`, do: () => copy(String(number)) }] : []),
        ],
        [
            ...(number && !item.deleted && (item.own || moderates)
                ? [{ label: "Delete…", danger: true, do: () => page.openDialog("command", {
                    label: item.own ? "Delete your message" : `Delete ${sender}'s message`, command: "delete", given: { number, room, ...(item.own && { reason: "" }) }, quote: copied(item) }) }] : []),
            ...(others && may(commands, "report") ? [{ label: "Report to the operators…", danger: true, do: () => page.openDialog("command", {
                label: `Report ${sender}`, command: "report", given: { name: sender }, values: { reason: number ? `message ${number}: ` : "" }, quote: copied(item) }) }] : []),
        ],
    ];
    return html`<${Menu} label=${`Message by ${sender}`} anchor=${about.anchor} close=${() => page.closeDialog()} groups=${groups} />`;
}

/** A room or conversation. @param {DialogProps} props */
export function RoomMenu({ session, page, about }) {
    const pane = /** @type {Buffer} */ (session.state.find(about.room) ?? session.state.pane);
    const { name } = pane, commands = session.input.all;
    const title = titleOf(pane), quiet = session.preferences.isQuiet(name);
    void sourceOf(session).askCommands();
    /** @type {(label: string, command: string, form?: boolean, values?: object) => Entry[]} */
    const offer = (label, command, form = false, values = {}) => (may(commands, command) && pane.inside
        ? [{ label, do: () => (form ? page.openDialog("command", { label, command, given: inRoom(command, name), values })
            : page.openDialog("answer", { command, given: inRoom(command, name) })) }] : []);
    const here = [
        { label: "Search here", do: () => page.openDialog("search", { room: name }) },
        { label: "Go to a time or number…", do: () => page.openDialog("jump", { room: name }) },
        { label: "Mark as read", do: () => session.state.markRead(pane) },
        ...(pane.private ? [] : [{ label: "Notifications", checked: !quiet, do: () => session.preferences.toggleQuiet(name) }]),
    ];
    const leave = { label: pane.inside && !pane.private ? `Leave ${title}` : "Remove from the list", danger: true, do: () => session.input.typed("/close", pane) };
    const groups = name === SERVER ? [] : pane.private ? [here, [{ label: `About ${title}…`, do: () => page.openDialog("person", { name: title, anchor: about.anchor }) }, leave]] : [
        [
            ...offer("Change the topic…", "topic", true, { text: pane.topic }), ...offer("Rename…", "rename", true),
            { label: may(commands, "set") ? "Rules…" : "Rules", do: () => page.openDialog("answer", { command: "room", given: { room: name } }) },
            { label: "People", do: () => page.openDialog("answer", { command: "who", given: { room: name } }) },
            ...offer("Invite somebody…", "invite", true), ...offer("Pending invitations", "invited"), ...offer("Bans and mutes", "bans"), ...offer("Moderation log", "audit"),
            ...offer("Write to the moderators…", "mods", true), ...offer("Who wrote how much", "stats"),
        ],
        here, [...(may(commands, "remove-room") ? [{ label: `Delete ${title}…`, danger: true, do: () => page.openDialog("command", { label: `Delete ${title}`, command: "remove-room", given: { room: name } }) }] : []), leave],
    ];
    return html`<${Menu} label=${title} anchor=${about.anchor} close=${() => page.closeDialog()} groups=${groups} />`;
}

/** The user: name, account, settings, help. @param {DialogProps} props */
export function OwnMenu(props) {
    const { session, page, about } = props;
    void sourceOf(session).askCommands();
    return html`<${Menu} label="You and this chat" anchor=${about?.anchor} close=${() => page.closeDialog()} groups=${ownGroups(props)}>
        <div class="menu-head"><${Avatar} name=${session.state.name} /><strong class="grow"><bdi>${session.state.name}</bdi></strong>
            <span class="muted">${session.state.account === null ? "guest" : "registered"}</span></div>
    </${Menu}>`;
}

/** @param {DialogProps} props @returns {Entry[][]} */
function ownGroups({ session, page }) {
    const { name, pane } = session.state, commands = session.input.all;
    const away = [...pane.people.values()].find(one => key(one.name) === key(name))?.away;
    /** @param {string} label @param {string} dialog @returns {Entry} */
    const open = (label, dialog) => ({ label, do: () => page.openDialog(dialog) });
    /** @param {string} label @param {string} command @param {object} [values] @returns {Entry} */
    const form = (label, command, values) => ({ label, do: () => page.openDialog("command", { label, command, given: {}, values }) });
    return [
        [
            open(session.state.account === null ? "Register or log in…" : "Account…", "account"), form("Change your name…", "nick", { name }),
            away ? { label: "I am back", do: () => void perform(session, page, { label: "", command: "back", given: {} }) } : form("Away…", "away"),
            form("Real name…", "realname"),
        ],
        [
            { label: "Ignored people", do: () => page.openDialog("answer", { command: "ignore", given: {} }) },
            { label: "Watched people", do: () => page.openDialog("answer", { command: "watch", given: {} }) },
            ...(may(commands, "bans") ? [open("Moderation…", "moderation")] : []),
        ],
        [open("Preferences…", "preferences"), open("Search messages", "search"), open("Share this chat", "share"), open("Keyboard shortcuts", "keys"), open("All commands", "commands")],
        [{ label: "Leave the chat", danger: true, do: () => session.leave() }],
    ];
}

/**
 * @param {import("../control/chat_session.js").ChatSession} session
 * @param {string} name
 */
function isMe(session, name) {
    return key(name) === key(session.state.name);
}
