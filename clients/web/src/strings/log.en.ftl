## My proofs
proofs-lead = Each act of yours is entered in the pharmacy’s log. Here are your receipts, verified by this device: nobody can take an act out of the log without its receipt showing it.
proofs-empty = No proof yet. Your first message will leave the first one.
proofs-key = Download the log’s key
proofs-outside = Verify a proof elsewhere
proofs-technical = Technical proofs ({ $count })
proofs-verify = To verify a proof elsewhere, without this server:
proofs-command = colloque verify-receipt FILE --key KEY
proof-place = { $log }, entry no. { $index }
proof-number = no. { $index }
proof-verified = Verified on this device
proof-refused = Refused
proof-download = Download the proof

## Audit
control-title = Audit
control-traced = Every look is traced: opening a list or a conversation leaves an entry in your name.
control-filter = Find a person
control-choose = Choose a conversation to see what happened in it. Contents are never visible here.
control-empty = No conversation in this pharmacy.
entries = { $count ->
    [one] 1 entry
   *[other] { $count } entries
}
timeline-title = Timeline
timeline-loading = Verifying: { $count } entries received…
timeline-numbered = { $count ->
    [one] 1 entry, numbered without a gap.
   *[other] { $count } entries, numbered without a gap.
}
timeline-gap = The numbering has a gap: an entry of this conversation was not shown. Run “Verify integrity” and tell the host.
timeline-denied-only = Refusals only
timeline-nothing = No entry of that kind.
band-label = { $count ->
    [one] 1 entry
   *[other] { $count } entries
}{ $denied ->
    [0] , no refusal
    [one] , of which 1 refusal
   *[other] , of which { $denied } refusals
}, from { $from } to { $to }
entry-who = { $name }, { $role }
entry-acting = On behalf of the patient, under authorisation { $delegation }, version { $version }
entry-rule = Rule applied: { $rule }
entry-raw = Entry no. { $index } of the { $log }, as sealed
entry-raw-altered = Entry no. { $index } of the { $log }, as the server gives it now
entry-altered = Altered: these bytes are not the ones that were sealed. What they say below proves nothing.
entry-doubtful = { $fault } What this entry says proves nothing.
decision-permit = Permitted
decision-deny = Refused
decision-altered = Altered
log-care = care log
log-technical = technical log
integrity-title = Integrity of the log
integrity-lead = Computed in this browser, from every entry: the server’s word is not enough.
integrity-verify = Verify integrity
integrity-running = Verifying…
integrity-progress = { $done } of { $total } entries
integrity-intact = { $count ->
    [one] Intact: 1 entry
   *[other] Intact: { $count } entries
}
integrity-log = { $count ->
    [one] { $log }, 1 entry, root
   *[other] { $log }, { $count } entries, root
}
integrity-signed = signature verified
integrity-where = Recomputed here in { $seconds } s. Note the root: every future proof must extend it.
integrity-broken-at = Altered: entry no. { $index } of the { $log }
integrity-broken = Altered: { $log }
integrity-to-entry = See entry no. { $index } in the timeline
integrity-outdated = The result shown before no longer holds: it was computed before this change.
integrity-what-to-do = What to do: correct nothing. Keep this screen (print or capture), tell the owner of the pharmacy and the host, and compare with the proofs that participants downloaded.
fault-entry-altered = This entry no longer matches the fingerprint sealed on the day of the act: its content was changed in the database.
fault-entry-missing = This entry was taken out of the log.
fault-tree-altered = The fingerprints of the log no longer lead to the signed root.
fault-signature = The log’s signature does not come from this pharmacy’s key.
fault-shrunk = The log is shorter than it has been: entries at its end were taken out.
fault-forked = The log shown does not continue the one this device saw: there are two histories.
fault-log-key-changed = The log’s key is not the one this device knows.
tamper = Falsify one byte
tamper-title = Falsify one byte?
tamper-body = Demonstration: one byte of an entry of this conversation will be changed in the database, as an intruder would. This cannot be undone. “Verify integrity” must then name the entry.
tamper-confirm = Falsify
tampered = One byte was changed in the database. Run “Verify integrity”: the entry must be named.

## Roles, reasons, acts
entry-dispensation-started = Remote dispensation started
entry-thread-started = Exchange with the pharmacy started
entry-key-package-claimed = Key of a device claimed to add it
entry-group-committed = Devices of the conversation changed
entry-message-sent = Encrypted message sent
entry-act-refused = Act refused
entry-audit-conversations-listed = List of conversations consulted
entry-audit-timeline-read = Timeline consulted
entry-audit-logs-verified = Integrity of the log verified
entry-session-opened = Session opened
entry-session-closed = Session closed
entry-device-registered = Device registered
entry-connection-opened = Connection opened
entry-key-packages-published = Welcome keys deposited
entry-group-info-told = State of the group given to a device that comes back
entry-group-confirmed = Device: keys of the conversation confirmed
entry-group-forked = Two devices do not hold the same keys: to be checked
entry-group-stuck = A device can no longer follow the conversation
entry-group-succeeded = Encryption of the conversation begun anew
entry-group-remove-proposed = Removal of a device asked for by the server
entry-device-retired = Device given up by its owner
entry-identity-issued = Secure account certified
entry-account-revocation-proposed = Account declared lost by a first pharmacist
entry-staff-certified = Account of a member of staff confirmed
entry-device-certified = Device linked to an account
entry-device-link-asked = A device asks to be linked
entry-recovery-kept = Recovery code made
entry-recovery-asked = Recovery code used
entry-account-revoked = Account lost, replaced on the word of two pharmacists
entry-carer-linked = Carer added by their code
entry-carer-code-made = Carer code given
entry-aside-started = Conversation alone with the pharmacy started
entry-delegation-proposed = Authorisation signed, to be confirmed
entry-delegation-confirmed = Authorisation confirmed by a pharmacist
entry-delegation-accepted = Authorisation accepted by the carer
entry-delegation-activated = Authorisation begun
entry-delegation-narrowed = Authorisation reduced
entry-delegation-revoked = Authorisation withdrawn by the patient
entry-delegation-resigned = Authorisation given back by the carer
entry-delegation-suspended = Authorisation suspended by a pharmacist
entry-delegation-expired = Authorisation come to its end
rule-hello = A signed-in person may connect their device.
rule-key-packages-publish = A person who may take part in a conversation deposits welcome keys of their device.
rule-key-packages-claim = A device of the conversation may ask for the key of a device to add.
rule-conversation-create = A pharmacist may start a dispensation, with a reason, for a patient of the pharmacy.
rule-group-commit = A device of the conversation may change its devices, one change at a time.
rule-group-info = A member’s device may ask for the state of the group to come back to it.
rule-group-receipt = A device of the conversation confirms, by its signature, the keys it holds.
rule-group-stuck = A device of the conversation may say that it can no longer follow.
rule-group-succeed = A pharmacist may begin the encryption anew when no device can follow any more.
rule-group-remove = The server asks for the removal of a device that its owner has given up.
rule-device-retire = A person may give up one of their devices, by a signed statement.
rule-identity-enrol = A signed-in person has their account certified, once.
rule-device-certify = A person links their own devices, by a signed statement.
rule-staff-certify = The owner confirms the accounts of their staff.
rule-account-revoke = Two pharmacists may declare an account lost.
rule-carers-link = A patient adds their carer by the carer’s code.
rule-delegation-propose = A patient may authorise a carer in one conversation.
rule-delegation-confirm = A pharmacist confirms who the carer is, and widens nothing.
rule-delegation-accept = The carer accepts their duties.
rule-delegation-end = The patient withdraws, the carer gives back, a pharmacist suspends: at once.
rule-message-send = A device of the conversation may write in it.
rule-audit-conversations = The compliance officer may consult the list; the look is traced.
rule-audit-timeline = The compliance officer may consult a timeline; the look is traced.
rule-audit-verify = The compliance officer may verify the log; the check is traced.

## Who saw what
accesses-lead = Every look, every act and every refusal that concerns you, newest first. This page keeps itself up to date.
accesses-empty = Nothing yet.
accesses-older = Show older
accesses-in = In “{ $kind }”
accesses-colon = {": "}
accesses-why-scope = Outside what you authorised.
accesses-why-over = The authorisation had ended.
accesses-why-other = The rules do not allow it ({ $rule }).
