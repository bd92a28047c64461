## Everywhere
app-name = Colloque
skip = Skip to content
loading = Loading…
reload = Reload the page
close = Close
cancel = Cancel
menu = Menu
more = More
details = Details
network = Network
language = Language
language-fr = Français
language-fr-simple = Langage simple
language-en = English
text-size = Larger text
text-size-sign = A+
new-tab = (new tab)
someone = someone
name-you = { $name } (you)
with = with { $name }
kind-and-motive = { $kind }, { $motive }
unread = { $count ->
    [one] 1 unread message
   *[other] { $count } unread messages
}
devices = { $count ->
    [one] 1 device
   *[other] { $count } devices
}
show-more = Show more ({ $count } left)
back-to-list = Conversations
back-to-messages = My messages
back-to-conversation = Conversation
back-to-control = Audit
carers-title = My carers
accesses-title = Who saw what
devices-title = My devices
code-title = My carer code
team-title = Team
sign-out = Leave
sign-out-named = Leave ({ $name })
conversations = Conversations

## Calling
call-pharmacy = Call the pharmacy: { $phone }
call-pharmacy-short = Pharmacy: { $phone }
call-your-pharmacy = You can also call your pharmacy.
emergency = Emergency
emergency-numbers = Emergency numbers
emergency-15 = Samu 15
emergency-15-short = Samu 15
emergency-112 = 112
emergency-112-short = 112
emergency-114 = 114 by text
emergency-114-short = Text 114
emergency-3237 = Pharmacy closed: 3237
emergency-3237-short = Closed 3237

## First screen
landing-demo = Demonstration, fictional people
landing-title = The pharmacy at a distance: encrypted for all, proven to each
landing-lead = A pharmacist and a patient write to each other. The server carries what it cannot read; each act leaves a proof that anyone concerned can verify.
landing-start = See it in 60 seconds: the pharmacist and the patient side by side
landing-blocked = The browser blocked the second window. Allow windows from this site, or open the two people below, each in a tab.
landing-promise-write = Start a remote dispensation and write: only the people named on screen can read.
landing-promise-proof = Each act is entered in a log. Its proof is kept, verified and downloaded in “My proofs”.
landing-promise-check = The compliance officer verifies the whole log in the browser, without ever reading a message.
landing-browsers = Browsers: a recent Chrome, Edge or Firefox. Safari refuses secure cookies on a local http address: this demonstration does not work there.

## Signing in
signed-out-first-title = Welcome to Colloque
signed-out-first-body = Your messages with the pharmacy are encrypted on this device. Continue to open them.
signed-out-first-counter-body = Exchanges with patients are encrypted on this device. Continue to open Colloque.
signed-out-first-control-body = You verify the pharmacy’s log here, without ever reading a message. Continue to open it.
signed-out-expired-title = Your session has ended
signed-out-expired-body = For safety, a session does not last for ever. Nothing is lost: your messages are on this device.
signed-out-expired-counter-body = For safety, a session does not last for ever. Nothing is lost: the exchanges are on this device.
signed-out-expired-control-body = For safety, a session does not last for ever. Nothing is lost: your proofs are on this device.
signed-out-left-title = You have left Colloque
signed-out-left-body = This device no longer receives messages. You can come back whenever you like.
signed-out-left-counter-body = This device no longer receives messages. You can come back whenever you like.
signed-out-left-control-body = This device no longer opens the log. You can come back whenever you like.
signed-out-nobody = This address belongs to nobody. Go back to the address your pharmacy gave you.
continue-as = Continue as { $name }
other-tab-title = Colloque is open in another tab
other-tab-body = One tab at a time keeps your keys. If you continue here, the other one pauses.
other-tab-continue = Continue here

## What goes wrong
unsupported-title = This browser cannot open Colloque
unsupported-body = Colloque encrypts your messages on this device. Open this address with a recent Firefox, Chrome or Edge.
unsupported-missing = This browser lacks:
missing-webcrypto = encryption (WebCrypto)
missing-ed25519 = Ed25519 signatures
missing-x25519 = X25519 key exchange
missing-indexeddb = a place to keep your keys (IndexedDB)
missing-locks = the guard of a single tab (Web Locks)
missing-worker = a place apart for the keys (Web Worker)
missing-websocket = the connection to the pharmacy (WebSocket)
missing-secure-context = a safe address (https, or localhost)
failed-storage-title = Your keys could not be kept
failed-storage-body = The browser refuses to write on this device. Leave private browsing or free some space, then reload. No message was lost.
failed-worker-title = Encryption has stopped
failed-worker-body = The part of Colloque that keeps your keys no longer answers. Reload the page; your waiting messages are kept.
failed-log-key-changed-title = The key of the log has changed
failed-log-key-changed-body = This pharmacy shows another key than the one this device knows. Colloque has stopped: write nothing more here, and call the pharmacy to ask whether the change is intended.
failed-hub-key-changed-title = The key of the server has changed
failed-hub-key-changed-body = This server shows another key than the one this device knows: it may no longer be the pharmacy’s. Colloque has stopped. Write nothing more here, and call the pharmacy to ask whether the change is intended.
failed-retired-title = This device has been removed
failed-retired-body = It was removed from your account and has forgotten its keys. Use another of your devices. If you did not want this, call the pharmacy.
demo-forget-body = Demonstration: if the server’s data were deleted, forget this device and begin again. Its old messages will be deleted from this browser.
demo-forget = Forget this device and begin again
failed-forbidden-title = This access is refused
failed-forbidden-body = The pharmacy no longer accepts this device. Call it: it can restore your access.
failed-server-title = The pharmacy does not answer
failed-server-body = The pharmacy’s server has a problem. Try again in a few minutes; if it lasts, call the pharmacy.
failed-code-title = This page could not be loaded
failed-code-body = The network was cut while loading. Check your connection, then reload.
link-connecting = Connecting to the pharmacy…
link-offline = Offline. Your messages will leave when the network is back.
link-restarting = The server is restarting. Your messages will leave in a moment.
link-retry = Try again now
link-next-try = Next try in { $seconds } s

## Conversation
conversation-with = Conversation: { $name }
log = Messages
log-empty = No message yet.
day-today = Today
day-yesterday = Yesterday
new-messages = New messages
message-hidden = Message hidden: it does not come from the person announced.
message-unauthorised = Message hidden: not authorised
acting-for = carer, on behalf of { $patient }, { $until }
until-day = until { $date }
until-time = until { $date } at { $time }
log-from-now = You see messages from now on.
delivery-waiting = Waiting
delivery-sent = Sent
delivery-delivered = Delivered
delivery-read = Read
delivery-failed = Not sent
resend = Send again
discard = Delete
composer-label = Your message
composer-placeholder = Write a message
send = Send
counter-left = { $left ->
    [0] Limit reached
    [one] 1 character left
   *[other] { $left } characters left
}
counter-over = { $over ->
    [one] 1 character too many: shorten it, or send two messages.
   *[other] { $over } characters too many: shorten it, or send two messages.
}
readers-only = Only these people can read:
readers-none = The people who can read will appear once your device is added.
readers-title = Only these people can read
readers-source = This list comes from the conversation’s keys, verified on this device. It does not come from the server.
readers-unlisted = A device can read and the server does not say whose it is. Write nothing more here, and call the pharmacy.
readers-not-yet = Not yet: { $names }. Their device has not come.
identity-not-compared = identity not compared
identity-compare = Compare with { $name }
identity-explained = “Identity not compared”: you have not yet compared keys with this person, face to face. The name is the one the pharmacy recorded.
server-cannot-title = What the server cannot see
server-cannot = The text of your messages, nor the note written with the reason. It has none of the keys.
server-can-title = What the server sees
server-can = Who takes part, the reason chosen, the time and approximate size of each message, and whether it was delivered or read.
readiness-waiting-for-patient-title = Waiting for their device
readiness-waiting-for-patient-body = The device of { $name } will be added as soon as it opens Colloque. Messages you write until then wait on this device and leave at that moment.
readiness-joining-title = Your device is about to be added
readiness-joining-body = A device of the pharmacy must add yours to the conversation. It happens by itself once it is online; you will see messages from that moment.
readiness-before-this-device-title = This conversation began before this device
readiness-before-this-device-body = Its messages are encrypted for another device of the same person and cannot be read here. Open Colloque on the device where it began, or ask the pharmacy to open a new one.
readiness-broken-title = The encryption of this conversation is being restored
readiness-broken-body = This device could not follow a change of keys and comes back into the conversation by itself. Messages already shown stay readable; what you wrote waits here. If it takes more than a few minutes, call the pharmacy.
readiness-refused-title = This conversation was not opened on this device
readiness-refused-body = The keys that the server offers are not those of this conversation. Nothing was read or sent. Call the pharmacy.
readiness-removed-title = This device is no longer in the conversation
readiness-removed-body = It was removed and has forgotten its keys. Messages already shown stay readable. If you did not want this, call the pharmacy.
over-title = This authorisation has ended
over-questions = Questions:
waiting-for-device = waiting for their device
reachable = reachable

## Patient
patient-kind-remote-dispensation = Receive my medicines
patient-kind-care-thread = Exchange with my pharmacy
patient-kind-private-aside = Speak alone with my pharmacy
patient-list-title = My messages
patient-empty-title = No message yet
patient-empty-body = When your pharmacy writes to you, the message will appear here. You have nothing to do. To talk to them now, call.

## Counter
list-empty-pharmacist = No conversation. Begin with a remote dispensation.
list-empty-others = No conversation yet.
empty-pharmacist-title = Choose a conversation
empty-pharmacist-body = Or start a remote dispensation: key N. Key ? for the list of shortcuts.
empty-technician-title = Choose a conversation
empty-technician-body = You follow here the conversations where a pharmacist added you. Starting a dispensation is a pharmacist’s act.
empty-carer-title = Nothing to read yet
empty-carer-body = You will see here the conversations that the person you help has allowed you to read, from that moment on.
empty-courier-title = No delivery
empty-courier-body = Delivery does not go through messages: a courier never reads conversations.
empty-second-reviewer-title = No case to co-sign
empty-second-reviewer-body = Cases opened by the compliance officer that ask for a second signature will appear here.
empty-patient-title = No message yet
empty-patient-body = When your pharmacy writes to you, the message will appear here.
empty-compliance-officer-title = Audit
empty-compliance-officer-body = Choose a conversation.
dispensation-new = New remote dispensation
dispensation-patient = Patient
dispensation-filter = Find a name
dispensation-found = { $count ->
    [0] No patient of that name in this pharmacy.
    [one] 1 patient
   *[other] { $count } patients
}
dispensation-more = { $count ->
    [one] 1 more patient: narrow the name.
   *[other] { $count } more patients: narrow the name.
}
dispensation-no-patients = This pharmacy has no patient yet.
dispensation-motive = Reason for the remote dispensation
dispensation-note = Say what prevents them from coming
dispensation-note-help = Encrypted: it becomes the first message of the conversation, which the server cannot read.
dispensation-missing-patient = Choose a patient to be able to start.
dispensation-missing-motive = Choose a reason: without one, a remote dispensation does not start.
dispensation-missing-note = Say what prevents them from coming to be able to start.
dispensation-ready = All is ready. The act will be entered in the log.
dispensation-start = Start
people = People
fact-act = Act
fact-motive = Reason
fact-started = Started
fact-started-by = { $at }, by { $name }
print = Print the exchange
printed-at = Printed on { $at }
shortcuts-title = Keyboard shortcuts
shortcut-new = New remote dispensation
shortcut-new-keys = N
shortcut-next = Next conversation
shortcut-next-keys = J or ↓
shortcut-previous = Previous conversation
shortcut-previous-keys = K or ↑
shortcut-send = Send the message
shortcut-send-keys = Enter
shortcut-line = New line
shortcut-line-keys = Shift + Enter
shortcut-microphone = In a call: turn the microphone off or on
shortcut-microphone-keys = M
shortcut-camera = In a call: turn the camera off or on
shortcut-camera-keys = C
shortcut-big-text = In a call: write large
shortcut-big-text-keys = E
shortcut-escape = Close, or go back to the list
shortcut-escape-keys = Esc
shortcut-help = This list
shortcut-help-keys = ?

## My proofs
proofs-title = My proofs

## Roles, reasons, acts
role-patient = Patient
role-carer = Carer
role-pharmacist = Pharmacist
role-technician = Technician
role-courier = Courier
role-compliance-officer = Compliance officer
role-second-reviewer = Second reviewer
role-hub = The server
role-unknown = Somebody the server does not list
kind-remote-dispensation = Remote dispensation
kind-care-thread = Exchange with my pharmacy
kind-private-aside = Speak alone with my pharmacy
motive-health = state of health
motive-age = age
motive-location = where they live
motive-other = other reason they cannot come
motive-choice-health = State of health
motive-choice-age = Age
motive-choice-location = Where they live
motive-choice-other = Other reason they cannot come (say which)

## Refusals
code-unknown = That did not work ({ $code }). Try again; if it happens again, call the pharmacy.
code-E_MALFORMED = The server cannot read this request. Reload the page; if it happens again, call the pharmacy.
code-E_SESSION = Your session has ended. Sign in again to continue; nothing is lost.
code-E_ORIGIN = This request comes from another address than the pharmacy’s. Open Colloque from its usual address.
code-E_DEVICE = This device is already registered otherwise. Leave, then sign in again.
code-E_ROLE = Your role does not allow this act. Ask a pharmacist to do it.
code-E_TENANT = This person does not belong to this pharmacy. Check the name in the list of patients.
code-E_KIND = This act does not exist in this kind of conversation. Choose another conversation or another act.
code-E_NOT_FOUND = This conversation is not accessible. Go back to the list of your conversations.
code-E_EPOCH = The list of people has just changed. Your device updates itself and tries again.
code-E_ID_REUSED = Another message already has this number. Write the message again.
code-E_KEY_PACKAGE_USED = This key was already used. Your device asks for another and tries again.
code-E_NO_KEY_PACKAGE = This person’s device has not come yet. They will be added as soon as they open Colloque.
code-E_FRANKING = The authenticated data of this message do not match this conversation. Reload the page and write again.
code-E_GROUP_INFO = The encryption state sent by this device is not valid: nothing has changed. Reload the page; if it happens again, call the pharmacy.
code-E_KEY_PACKAGE = The keys published by this device are not valid. Check the device’s clock, then reload the page.
code-E_SENDER = This change is signed by another device: nothing has changed. Reload the page; if it happens again, call the pharmacy.
code-E_COMMIT = This change of the group is not valid: nothing has changed. Reload the page; if it happens again, call the pharmacy.
code-E_POLICY = The rules of the conversation do not allow this change. Ask a pharmacist to make it.
code-E_REMOVE_PENDING = A device is being removed. What you send will leave as soon as that is done, with nothing to do again.
code-E_RECEIPT = The confirmation of this device does not match the conversation. Reload the page; if it happens again, call the pharmacy.
code-E_DEVICE_RETIRED = This device has been removed from your account. Use another of your devices, or call the pharmacy.
code-E_RATE = Too many messages in a short time. Your device goes on in a moment.
code-E_BUSY = The server cannot record the act now. Nothing is lost: your device tries again.
code-E_INTERNAL = An error happened in the server. Nothing was recorded; your device tries again.
code-C_OFFLINE = The pharmacy cannot be reached now. Try again when the connection is back; what is already written leaves by itself.
code-C_SERVER = The server answered something that makes no sense. Reload the page; if it happens again, call the pharmacy.
code-C_NOT_READY = This device does not have the keys of this conversation yet. Wait until it is added, or call the pharmacy.
code-C_LENGTH = The message is empty or too long. Shorten it or send it in several parts.
code-C_LOG_FORKED = The log showed two different histories to two devices. Keep your proofs and tell the pharmacy’s owner.
code-C_RECEIPT = The server gave a receipt that does not prove your act. See “My proofs” and tell the pharmacy.
code-C_STORAGE = This device cannot save any more. Free some space, then reload the page.
code-C_REMOVE_UNJUSTIFIED = The server wants a device removed without proof that its person wanted it. This device refused. Tell the pharmacy’s owner.
code-C_GROUP_REFUSED = The server offered keys that are not those of this conversation. This device refused them. Tell the pharmacy’s owner.
code-C_GROUP_FORKED = Two devices do not hold the same keys of a conversation. Tell the pharmacy’s owner.
code-C_LINK = The other device could not let this one in. Try again.
code-E_IDENTITY = This certificate is not valid: nothing has changed. Reload the page; if it happens again, call the pharmacy.
code-E_CLOCK = The clock of this device is wrong. Set it, then try again.
code-E_DEVICE_CERTIFICATE = This device is not linked to your account yet. Let it in from another of your devices.
code-C_IDENTITY_CHANGED = A person’s account changed without the agreement of two pharmacists. This device refused. Tell the pharmacy’s owner.
code-C_IDENTITY_UNPROVEN = A person’s account is not entered in the log. This device refused. Tell the pharmacy.
code-C_DELEGATION = The server shows an authorisation that does not hold. This device refused it. Tell the pharmacy.
code-C_STAFF_WAITING = Your account waits to be confirmed by the owner. Ask for it.
