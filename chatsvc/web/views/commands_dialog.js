/** All commands of the server by subject, each with a form. */

import { sourceOf } from "../control/completion_source.js";
import { sentence } from "../model/actions.js";
import { nameOf } from "../model/commands.js";
import { ranked } from "../model/fuzzy.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";

/** @typedef {import("../model/commands.js").Command} Command */

/** @extends {Component<import("./dialogs.js").DialogProps, {query: string}>} */
export class CommandsDialog extends Component {
    state = { query: "" };

    componentDidMount() {
        void sourceOf(this.props.session).askCommands();
    }

    render() {
        const { session, page } = this.props;
        const { query } = this.state;
        const found = ranked(session.input.commands.listed, command => `${nameOf(command)} ${command.help}`, query);
        /** @type {[string, Command[]][]} */
        const topics = query ? [["", found]] : [...new Set(found.map(command => command.topic ?? "other"))].map(topic => [topic, found.filter(command => (command.topic ?? "other") === topic)]);
        return html`<${Dialog} title="All commands" wide close=${() => page.closeDialog()}>
            <input enterkeyhint="search" aria-label="Find a command" placeholder="Find a command" autofocus onInput=${(/** @type {any} */ event) => this.setState({ query: event.target.value })} />
            ${topics.map(([topic, commands]) => html`<section key=${topic}>
                ${topic && html`<h3>${sentence(topic)}</h3>`}
                <ul class="choices">${commands.map(command => html`<li key=${nameOf(command)}>
                    <button type="button" onClick=${() => page.openDialog("command", { label: "", command: nameOf(command), given: {} })}>
                        <span class="command"><b>${command.usage}</b> <span class="muted">${command.help}</span></span></button></li>`)}</ul>
            </section>`)}
            <p class="muted">You can also type them: / and the name, then Tab to complete. To send /word as text, type //word.</p>
        </${Dialog}>`;
    }
}
