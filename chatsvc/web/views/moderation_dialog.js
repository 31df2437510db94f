/** What moderators and operators have to do: reports, bans, the log, and the commands for it. */

import { may, sentence } from "../model/actions.js";
import { nameOf } from "../model/commands.js";
import { AnswerView } from "./answer_view.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";
import { Tabs } from "./tabs.js";

const TOPICS = ["moderating"]; // of the commands that are listed
/** @type {Record<string, string>} */
const LABELS = { howtoban: "Compare bans", kick: "Remove", "remove-room": "Delete a room", "invite-code": "Invitation code", unexempt: "End an exemption" };
const SHOWN = ["reports", "bans", "audit"]; // as lists

/** @extends {Component<import("./dialogs.js").DialogProps, {tab: string, everywhere: boolean}>} */
export class ModerationDialog extends Component {
    state = { tab: "", everywhere: true };

    render() {
        const { session, page } = this.props;
        const { pane } = session.state, commands = session.input.all;
        const tabs = SHOWN.filter(name => may(commands, name));
        const tab = this.state.tab || tabs[0];
        const room = pane.name.startsWith("#") ? pane.name : "";
        const everywhere = session.isOperator && (this.state.everywhere || !room);
        const given = tab === "reports" || everywhere || !room ? {} : { room };
        const others = commands.filter(command => (TOPICS.includes(command.topic ?? "") && !SHOWN.includes(nameOf(command)) && !["report", "delete"].includes(nameOf(command)))
            || ["remove-room", "invite-code"].includes(nameOf(command)));
        return html`<${Dialog} title="Moderation" wide close=${() => page.closeDialog()}>
            <${Tabs} label="Lists" tabs=${tabs.map(name => ({ name, label: name === "audit" ? "Log" : sentence(name) }))} chosen=${tab} choose=${(/** @type {string} */ name) => this.setState({ tab: name })}>
                ${session.isOperator && room && tab !== "reports" && html`<label class="check"><input type="checkbox" checked=${!everywhere}
                    onChange=${() => this.setState({ everywhere: !everywhere })} /> Only <bdi>${room}</bdi></label>`}
                <${AnswerView} key=${`${tab} ${everywhere}`} session=${session} page=${page} command=${tab} given=${given} />
            </${Tabs}>
            <section><h3>Do something</h3>
                <ul class="choices">${others.map(command => html`<li key=${nameOf(command)}><button type="button"
                    onClick=${() => page.openDialog("command", { label: labelOf(command), command: nameOf(command), given: room && command.usage.includes("[--here]") ? { room } : {} })}>
                    <span class="command"><b>${labelOf(command)}</b> <span class="muted">${command.help}</span></span></button></li>`)}</ul>
            </section>
        </${Dialog}>`;
    }
}

/** @param {import("../model/completion.js").Command} command */
function labelOf(command) {
    const name = nameOf(command);
    return LABELS[name] ?? sentence(name);
}
