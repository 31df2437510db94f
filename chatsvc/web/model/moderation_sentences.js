/** Accounts, roles, rules and moderation in words. */

import { listing } from "./text_rules.js";

/** @typedef {import("./sentences.js").Words} Words */

/** @type {Record<string, string>} */
const BECOME = { founder: "the founder", host: "the host", moderator: "a moderator", voiced: "allowed to talk while the room is moderated", member: "a member" };

/** @type {Record<string, Words>} */
export const MODERATION = {
    you(event) {
        if (event.how === "register") return `${event.name} is now registered to you. Next time, sign in with this name and your password.`;
        if (event.how === "claim") return "You are now an operator. To see your commands: /help";
        if (event.how === "unregister") return `Account deleted. You are now the guest ${event.name}. Your messages remain.`;
        if (event.how === "logout") return `Logged out. You are now the guest ${event.name}. Your rooms are saved for your next login.`;
        return `You are logged in as ${event.account}${event.operator ? " (operator)" : ""}.`;
    },
    operating: event => `You are logged in as the operator ${event.name}.`,
    code: event => `Invitation code for one registration: ${event.code}`,
    role(event) {
        if (event.voice) return `${event.by} ${event.voice === "given" ? "gave" : "took"} the voice of ${event.name}.`;
        return `${event.name} is now ${BECOME[event.role] ?? event.role}${event.by ? ` (by ${event.by})` : ""}.`;
    },
    moved: event => `${event.by} renamed ${event.room} to ${event.to}${event.reason ? `: ${event.reason}` : "."}`,
    rule: event => `${event.by ? `${event.by} set ` : ""}${event.name}: ${event.value}`,
    invited: event => (event.own ? `You invited ${event.name} to ${event.room}.` : `${event.by} invited ${event.overheard ? event.name : "you"} to ${event.room}. To join: /join ${event.room}`),
    removed(event) {
        const where = event.room ?? "the chat";
        const why = event.reason ? `: ${event.reason}` : ".";
        return `${event.by} removed ${event.own ? "you" : event.name} from ${where}${why}`;
    },
    banned(event) {
        if (event.admits)
            return `${event.who} can join ${event.room} without an invitation.`;
        const did = event.exempt ? "exempt" : event.mute ? "muted" : "banned";
        const until = event.until ? ` until ${new Date(event.until).toLocaleString()}` : "";
        return `${event.own ? "You are" : `${event.who} is`} ${did} in ${event.room ?? "the whole chat"}${until}${event.reason ? `: ${event.reason}` : "."}`;
    },
    unbanned: event => event.admits ? `${event.who} needs an invitation to join ${event.room} again.` : `${event.own ? "You are" : `${event.who} is`} no longer ${event.exempt ? "exempt" : event.mute ? "muted" : "banned"} in ${event.room ?? "the whole chat"}.`,
    lockdown: event => (event.on ? `${event.by} turned lockdown on: only registered users can join.` : `${event.by} turned lockdown off.`),
    announced: event => `Announcement by ${event.by}: ${event.text}`,
    reported: event => (event.own ? "Report sent to the operators." : `Report ${event.number}: ${event.by} about ${event.about}: ${event.reason}`),
    invitations: event => (event.rooms?.length ? `You are invited to ${listing(event.rooms)}. To join: /join ${event.rooms[0]}` : "You have no invitations."),
    listed: () => [],
    expected: event => (event.names?.length ? `Invited to ${event.room}: ${listing(event.names)}.` : `Nobody is invited to ${event.room}.`),
};
