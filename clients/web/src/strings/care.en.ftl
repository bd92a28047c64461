## What an authorisation allows
scope-conversation-read = read messages
scope-conversation-send = write on { $voice ->
    [you] your behalf
   *[they] the patient’s behalf
}
scope-call-join = take part in video calls
scope-delivery-receive = receive the parcel
scope-document-send = send documents
scope-document-read = see documents
scope-prescription-present = present the prescription and the carte Vitale
scope-dispensation-request = ask for a dispensation
scope-appointment-manage = manage appointments
scope-sensitive-read = see private subjects
scope-decide-assist = help { $voice ->
    [you] you
   *[they] the patient
} decide
scope-decide-final = decide for { $voice ->
    [you] you
   *[they] the patient
}
basis-patient-mandate = The patient’s mandate
basis-trusted-person = Trusted person
basis-parental-authority = Parental authority
basis-guardianship-person = Guardianship (tutelle)
basis-family-habilitation-representation = Family habilitation (representation)
basis-family-habilitation-assistance = Family habilitation (assistance)
basis-curatorship = Curatorship (curatelle)
basis-future-protection-mandate = Future protection mandate
basis-de-facto-carer = De facto carer
which-conversation = “{ $kind }” of { $date } with { $name }
which-unknown = a conversation that this device does not know
period-later = from { $from } and { $until }
delegation-summary = { $voice ->
    [you] { $name } may { $scopes }, only in the conversation { $conversation }, { $until }. Nothing else. You can stop it at any moment.
   *[they] { $name } may, for { $patient }, { $scopes }, only in the conversation { $conversation }, { $until }. Nothing else. { $patient } can stop it at any moment.
}
delegation-proposed = Waiting for the pharmacy
delegation-second = Waiting for a second pharmacist
delegation-confirmed = Waiting for the carer’s agreement
delegation-later = Begins on { $at }
delegation-accepted = Begins in a moment
delegation-active = Active
delegation-ending = Under way…
delegation-revoked = Stopped
delegation-suspended = Suspended by the pharmacy
delegation-expired = Came to its end
delegation-resigned = Given back by the carer
delegation-contested = Contested
suspension-telephone = Asked for by telephone
suspension-abuse = Abuse observed
suspension-death = Death
suspension-contest = Authorisation contested
mandate-paper = on paper
mandate-evidence = legal representative, by document

## My carers
carers-lead = A carer can read and write for you in one conversation only, until the date you choose. You can stop it at any moment.
carers-empty = Nobody is authorised to read or write for you.
carers-new = Authorise a carer
carers-now = Authorisations
carers-history = History ({ $count })
carers-in = In the conversation { $conversation }
carers-was = Allowed to: { $scopes }
carers-gone = Withdrawn: { $scopes }
carers-since = From { $from } to { $to }
carers-renew = Renew
carers-withdraw-scope = Withdraw
withdraw = Withdraw the authorisation of { $name }
withdraw-title = Withdraw the authorisation of { $name }?
withdraw-body = { $name } can no longer read or write anything here, at once. You will be able to authorise them again.
withdraw-scope-title = Withdraw from { $name }: { $scope }?
withdraw-scope-body = The rest of the authorisation does not change.
withdraw-confirm = Yes, withdraw
withdraw-under-way = Under way… { $name } can no longer write. A pharmacist’s device still has to confirm the change of keys.
withdraw-done = It is stopped. A pharmacist’s device has confirmed: { $name } can no longer read anything here.
strip-carer = { $name }, carer, { $until }
strip-staff = { $name }, carer: { $scopes }, { $until }
strip-manage = Manage

## Authorise a carer
delegate-step = Step { $step } of { $count }
delegate-who = Who helps you?
delegate-nobody = The pharmacy does not know anybody yet as your carer. Ask the person who helps you for their code.
delegate-not-ready = has not opened Colloque yet
delegate-where = For which conversation?
delegate-nowhere = You have no conversation yet in which to authorise somebody.
delegate-what = What may { $name } do?
delegate-reading = Read messages: always included. Without reading, nothing else can be done here.
delegate-more = Other authorisations
delegate-until = Until when?
delegate-day = Last day
delegate-day-help = At most 365 days. Then the authorisation ends by itself; you can renew it.
delegate-day-wrong = Choose a day to come, within 365 days.
delegate-check = Read again, then sign
delegate-after = The pharmacy will check who { $name } is, then they must accept. Nothing begins before.
delegate-next = Continue
delegate-back = Back
delegate-sign = I sign
delegate-signed = It is signed. The pharmacy must now confirm.
code-have = I have my carer’s code
code-of-carer = Your carer’s code
code-of-carer-help = Ten letters and digits. Your carer finds them in “My carer code”.
code-add = Add this person
part-title = Does { $name } take part in this dispensation?
part-conversation-send = Write
part-call-join = Video
part-delivery-receive = Parcel
part-yes = Yes, { $name } takes part
part-no = Not this time

## The carer
code-lead = Tell this code to the person you help, by word of mouth: they can then choose you in “My carers”. It works once.
code-show = Show my code
code-mine = Your code
duties-title = { $patient } asks you to help
duties-what = You may { $scopes }, only in one conversation with the pharmacy, { $until }.
duties-lead = Your duties
duties-1 = I act for { $patient } and in their interest.
duties-2 = I do only what is authorised here.
duties-3 = I keep secret what I read.
duties-4 = My name always shows: I write on behalf of { $patient }, who can stop it at any moment.
duties-renewal = Renewal to accept
duties-accept = I accept these duties
duties-refuse = I refuse
duties-waiting = You have accepted. The conversation opens here as soon as a device of the pharmacy or of { $patient } has added you.
duties-later = You have accepted. The authorisation begins on { $at }.
acting-chip = You write on behalf of { $name } { $until }
acting-reading = You read on behalf of { $name } { $until }
acting-limits = What you can do here
acting-may = Authorised
acting-may-not = Not authorised
acting-read-only = Writing is not part of this authorisation. To say more, call the pharmacy.
acting-not = Your authorisation is not active on this device yet.
resign = Give back this authorisation
resign-title = Give back this authorisation?
resign-body = You will no longer be able to read or write anything for { $patient } here. They and the pharmacy will know.
resign-confirm = Yes, give it back

## The pharmacist
confirm-title = Authorisation to confirm: { $name }
confirm-what = { $patient } authorises { $name } to: { $scopes }, { $until }.
confirm-limits = What the patient signed cannot be widened here.
confirm-paper = Another pharmacist attested it { $mandate }. Compare with the document before you confirm.
confirm-identity = I have checked who { $name } is
confirm-alone = Heard alone: I spoke to { $patient } without { $name } being present
confirm-act = Confirm the authorisation
confirm-not = Do not confirm
suspend = Suspend
suspend-named = Suspend the authorisation of { $name }
suspend-title = Suspend the authorisation of { $name }?
suspend-body = At once: { $name } can no longer read or write anything here. To restore it, a new authorisation is needed.
suspend-why = Why?
suspend-confirm = Suspend now
paper-title = Paper mandate or legal representative
paper-lead = For a patient without a device or under protection. Two pharmacists attest; one alone, with the document, and the authorisation begins only 24 h later. It is marked so everywhere.
paper-kind = What you have seen
paper-kind-paper = A mandate signed on paper by the patient
paper-kind-evidence = The document of a legal representative (judgment, notarised mandate…)
paper-signs-alone = This patient has a device: they give a mandate of their own in “My carers”.
paper-basis = Legal basis
paper-carer = Who will act for { $name }?
paper-no-carer = The pharmacy knows no carer of this patient.
paper-what = What is authorised
paper-file = The document, photographed or as PDF
paper-file-help = It does not leave this device: only its fingerprint is signed. Keep the original.
paper-hash = Fingerprint: { $hash }
paper-issuer = Issued by (judge, notary, or the person themselves), and when
paper-end = Last day, that of the document at the latest
paper-identity = I have checked who this person is
paper-second = A second pharmacist will confirm
paper-alone = I am alone: it will begin in 24 h
paper-attest = Sign this attestation
paper-missing-carer = Choose who will act for the patient.
paper-missing-file = Add the document and say who issued it.
paper-missing-identity = First check who the person is.
paper-ready = All is ready. The act will be entered in the log.
trace = Trace to print
trace-title = Authorisation to act for a patient
trace-pharmacy = { $name }, FINESS { $finess }
trace-patient = Patient
trace-carer = Carer
trace-scopes = May
trace-withdrawn = Withdrawn since
trace-period = Period
trace-from-to = From { $from } to { $to }
trace-state = State
trace-basis = Legal basis
trace-mandate = Given
trace-by-device = Signed by the patient’s device
trace-evidence = Document
trace-issued = { $issuer }. SHA-256 fingerprint: { $hash }
trace-confirmed = Confirmed by
trace-confirmation = { $name }, on { $at }
trace-alone = { $name }, on { $at }, patient heard alone
trace-number = Number
trace-signatures = Date and signatures
trace-print = Print
trace-gone = This device does not know this authorisation.

## The team
team-lead = The owner confirms each account of the team. Without it nobody enters a conversation, even if the server wanted it.
team-certified = Account confirmed
team-owner = Owner
team-waiting = Waits to be confirmed
team-absent = Has not signed in yet
team-profession-deputy = deputy
team-profession-locum = locum
team-certify = Confirm { $name }
team-asks = { $count ->
    [one] { $names } waits for their account to be confirmed.
   *[other] { $names } wait for their accounts to be confirmed.
}
team-open = See the team
team-me-waits = Your account waits to be confirmed by the owner. Until then you can neither start nor join a conversation.
list-to-confirm = Authorisation to confirm

## Devices and identity
link-title = Link this device
link-lead = You already use Colloque on another device. To read your messages here, let this one in.
link-ask = Ask my other device
link-compare = The other device must show the same digits:
link-then = If they are the same, choose “Let it in” on the other device.
link-recovery = I no longer have another device
link-code = Recovery code
link-code-help = 26 letters and digits, with or without hyphens.
link-code-use = Use this code
link-neither = Neither of them? Call the pharmacy.
asks-title = Another device asks to enter your account
asks-body = Let it in only if it is yours and shows these digits:
asks-accept = Let it in
asks-no = If not, do nothing and call the pharmacy.
asks-see = See the request
devices-lead = Each of these devices can read your messages. Remove the one you no longer have.
device-number = Device { $number }
device-here = this device
device-registered = Since { $at }
device-retired = Removed on { $at }
device-unlinked = not linked yet
device-retire = Remove
device-retire-title = Remove device { $number }?
device-retire-body = It can no longer read or send any message and forgets its keys. This cannot be undone.
device-retire-confirm = Yes, remove
recovery-title = Recovery code
recovery-lead = If you lose all your devices, this code gives you your account back. Print it and keep it in a safe place. The pharmacy does not know it.
recovery-kept = You already have a code. Making a new one cancels it.
recovery-make = Make a recovery code
recovery-once = Write it down now: it will never be shown again.
recovery-print = Print this code
recovery-done = It is written down, clear it from the screen
recovery-paper = Colloque recovery code of { $name }
own-title = My identity
own-lead = Show this square, or read these digits, to whoever wants to make sure it is you.
own-picture = Your identity QR code
compare-lead = To be done face to face, or by telephone with somebody whose voice you know.
compare-eyes = Here is what your device knows of { $name }. Does their screen “My devices” show the same digits?
compare-same = They are the same digits
compare-field = Or scan their QR code, or type their 30 digits
compare-act = Compare
compare-done = Identity compared: it is the same.
changed-title = The account of { $name } has changed
changed-body = Two pharmacists attested that { $name } lost their former account and has a new one. Compare your identities again.
changed-ok = I understand

## Refusals
code-E_SCOPE = This is not part of your authorisation. Ask the person you help, or call the pharmacy.
code-E_CAPACITY = To decide for the patient, their capacity must be recorded for this decision. Speak to the pharmacist.
code-E_ACTING_FOR = It is missing on whose behalf you act. Reload the page and try again.
code-E_NO_DELEGATION = No authorisation allows this act. Ask the person you help for it.
code-E_DELEGATION_EXPIRED = This authorisation has ended. Questions: call your pharmacy.
code-E_DELEGATION_REVOKED = This authorisation has ended. Questions: call your pharmacy.
code-E_DELEGATION_SUSPENDED = This authorisation has ended. Questions: call your pharmacy.
code-E_DELEGATION_RESIGNED = This authorisation has ended. Questions: call your pharmacy.
code-E_LEGAL_BASIS = This legal basis does not allow what is asked. Choose another, or authorise less.
code-E_EVIDENCE = The document, or who issued it, is missing. Add it and try again.
code-E_SELF_DELEGATION = Nobody can authorise themselves. Choose another person.
code-E_SUB_DELEGATION = An authorisation is not passed on. Only the patient can authorise somebody.
code-E_STAFF_GRANTEE = A member of the pharmacy cannot be a carer. Choose somebody close to you.
code-E_PERIOD = This period is past, or ends before it begins. Choose a date to come.
code-E_PERIOD_TOO_LONG = An authorisation lasts at most 365 days. Choose a nearer date.
code-E_UNKNOWN_SCOPE = This authorisation is unknown. Reload the page and try again.
code-E_DUPLICATE_DELEGATION = This person is already authorised in this conversation. First withdraw the current authorisation.
code-E_SIGNATURE = The signature is not valid: nothing has changed. Reload the page and try again.
code-E_STALE_CONFIRMATION = The text has changed since. Read it again before you confirm.
code-E_NOT_CONFIRMED = The pharmacy has not confirmed this authorisation yet. Wait for its confirmation.
code-E_NOT_ACCEPTED = The carer has not accepted yet. Wait for their agreement.
code-E_FOUR_EYES = Two different pharmacists are needed, whom it does not concern. Ask another one.
code-E_ALREADY_ENDED = This authorisation has already ended. There is nothing more to do.
code-E_IDENTITY_TAKEN = This person already has a secure account. Link this device from another one, or use the recovery code.
code-E_STAFF_CERTIFICATE = Your account waits to be confirmed by the owner. Ask for it.
code-E_CARER_CODE = This code is not valid or was already used. Ask your carer for a new one.
code-C_IDENTITY_DIFFERS = These are not the same digits. Write nothing private to this person, and tell the pharmacy.
code-C_IDENTITY_UNREADABLE = This is neither an identity QR code nor 30 digits. Try again.
code-C_RECOVERY_CODE = This recovery code is not the right one. Check each letter.
