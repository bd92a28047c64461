## Partout
app-name = Colloque
skip = Aller au contenu
loading = Chargement…
reload = Recharger la page
close = Fermer
cancel = Annuler
menu = Menu
more = Plus
details = Détails
network = Réseau
language = Langue
language-fr = Français
language-fr-simple = Langage simple
language-en = English
text-size = Agrandir le texte
text-size-sign = A+
new-tab = (nouvel onglet)
someone = une personne
name-you = { $name } (vous)
with = avec { $name }
kind-and-motive = { $kind }, { $motive }
unread = { $count ->
    [one] 1 message non lu
   *[other] { $count } messages non lus
}
devices = { $count ->
    [one] 1 appareil
   *[other] { $count } appareils
}
show-more = Afficher la suite (encore { $count })
back-to-list = Conversations
back-to-messages = Mes messages
back-to-conversation = Conversation
back-to-control = Contrôle
carers-title = Mes aidants
accesses-title = Qui a vu quoi
devices-title = Mes appareils
code-title = Mon code d’aidant
team-title = Équipe
sign-out = Quitter
sign-out-named = Quitter ({ $name })
conversations = Conversations

## Appeler
call-pharmacy = Appeler la pharmacie : { $phone }
call-pharmacy-short = Pharmacie : { $phone }
call-your-pharmacy = Vous pouvez aussi appeler votre pharmacie.
emergency = Urgence
emergency-numbers = Numéros d’urgence
emergency-15 = Samu 15
emergency-15-short = Samu 15
emergency-112 = 112
emergency-112-short = 112
emergency-114 = 114 par SMS
emergency-114-short = SMS 114
emergency-3237 = Pharmacie fermée : 3237
emergency-3237-short = Garde 3237

## Premier écran
landing-demo = Démonstration, personnes fictives
landing-title = La pharmacie à distance : chiffrée pour tous, prouvée pour chacun
landing-lead = Une pharmacienne et un patient s’écrivent. Le serveur transmet sans pouvoir lire ; chaque acte laisse une preuve que chacun peut vérifier.
landing-start = Voir en 60 secondes : la pharmacienne et le patient côte à côte
landing-blocked = Le navigateur a bloqué la deuxième fenêtre. Autorisez les fenêtres de ce site, ou ouvrez les deux personnes ci-dessous, chacune dans son onglet.
landing-promise-write = Commencez une dispensation à distance et écrivez : seules les personnes nommées à l’écran peuvent lire.
landing-promise-proof = Chaque acte est inscrit dans un journal. Sa preuve se garde, se vérifie et se télécharge dans « Mes preuves ».
landing-promise-check = Le responsable conformité vérifie tout le journal dans son navigateur, sans jamais lire un message.
landing-browsers = Navigateurs : Chrome, Edge ou Firefox, version récente. Safari refuse les cookies sécurisés sur une adresse http locale : cette démonstration n’y fonctionne pas.

## Entrer
signed-out-first-title = Bienvenue sur Colloque
signed-out-first-body = Vos messages avec la pharmacie sont chiffrés sur cet appareil. Continuez pour les ouvrir.
signed-out-first-counter-body = Les échanges avec les patients sont chiffrés sur cet appareil. Continuez pour ouvrir Colloque.
signed-out-first-control-body = Vous vérifiez ici le journal de la pharmacie, sans jamais lire un message. Continuez pour l’ouvrir.
signed-out-expired-title = Votre session est terminée
signed-out-expired-body = Par sécurité, une session ne dure pas toujours. Rien n’est perdu : vos messages sont sur cet appareil.
signed-out-expired-counter-body = Par sécurité, une session ne dure pas toujours. Rien n’est perdu : les échanges sont sur cet appareil.
signed-out-expired-control-body = Par sécurité, une session ne dure pas toujours. Rien n’est perdu : vos preuves sont sur cet appareil.
signed-out-left-title = Vous avez quitté Colloque
signed-out-left-body = Cet appareil ne reçoit plus de messages. Vous pouvez revenir quand vous voulez.
signed-out-left-counter-body = Cet appareil ne reçoit plus de messages. Vous pouvez revenir quand vous voulez.
signed-out-left-control-body = Cet appareil n’ouvre plus le journal. Vous pouvez revenir quand vous voulez.
signed-out-nobody = Cette adresse n’est celle de personne. Revenez à l’adresse que la pharmacie vous a donnée.
continue-as = Continuer comme { $name }
other-tab-title = Colloque est ouvert dans un autre onglet
other-tab-body = Un seul onglet à la fois garde vos clés. Si vous continuez ici, l’autre se met en pause.
other-tab-continue = Continuer ici

## Ce qui ne va pas
unsupported-title = Ce navigateur ne peut pas ouvrir Colloque
unsupported-body = Colloque chiffre vos messages sur cet appareil. Ouvrez cette adresse avec une version récente de Firefox, de Chrome ou d’Edge.
unsupported-missing = Il manque à ce navigateur :
missing-webcrypto = le chiffrement (WebCrypto)
missing-ed25519 = les signatures Ed25519
missing-x25519 = l’échange de clés X25519
missing-indexeddb = un espace pour garder vos clés (IndexedDB)
missing-locks = la garde d’un seul onglet (Web Locks)
missing-worker = un espace à part pour les clés (Web Worker)
missing-websocket = la liaison avec la pharmacie (WebSocket)
missing-secure-context = une adresse sûre (https, ou localhost)
failed-storage-title = Vos clés n’ont pas pu être gardées
failed-storage-body = Le navigateur refuse d’écrire sur cet appareil. Quittez la navigation privée ou libérez de la place, puis rechargez. Aucun message n’a été perdu.
failed-worker-title = Le chiffrement s’est arrêté
failed-worker-body = La partie de Colloque qui garde vos clés ne répond plus. Rechargez la page ; vos messages en attente sont gardés.
failed-log-key-changed-title = La clé du journal a changé
failed-log-key-changed-body = Cette pharmacie présente une autre clé que celle que cet appareil connaît. Colloque s’est arrêté : n’écrivez rien de plus ici et appelez la pharmacie pour savoir si ce changement est voulu.
failed-hub-key-changed-title = La clé du serveur a changé
failed-hub-key-changed-body = Ce serveur présente une autre clé que celle que cet appareil connaît : ce n’est peut-être plus celui de la pharmacie. Colloque s’est arrêté. N’écrivez rien de plus ici et appelez la pharmacie pour savoir si ce changement est voulu.
failed-retired-title = Cet appareil a été retiré
failed-retired-body = Il a été retiré de votre compte et a oublié ses clés. Utilisez un autre de vos appareils. Si ce n’est pas vous qui l’avez voulu, appelez la pharmacie.
demo-forget-body = Démonstration : si les données du serveur ont été effacées, oubliez cet appareil et recommencez. Ses anciens messages seront effacés de ce navigateur.
demo-forget = Oublier cet appareil et recommencer
failed-forbidden-title = Cet accès est refusé
failed-forbidden-body = La pharmacie n’accepte plus cet appareil. Appelez-la : elle peut rétablir votre accès.
failed-server-title = La pharmacie ne répond pas
failed-server-body = Le serveur de la pharmacie a un problème. Réessayez dans quelques minutes ; si cela dure, appelez la pharmacie.
failed-code-title = Cette page n’a pas pu être chargée
failed-code-body = Le réseau a été coupé pendant le chargement. Vérifiez votre connexion puis rechargez.
link-connecting = Connexion à la pharmacie…
link-offline = Hors ligne. Vos messages partiront au retour du réseau.
link-restarting = Le serveur redémarre. Vos messages partiront dans un instant.
link-retry = Réessayer maintenant
link-next-try = Nouvel essai dans { $seconds } s

## Conversation
conversation-with = Conversation : { $name }
log = Messages
log-empty = Aucun message pour l’instant.
day-today = Aujourd’hui
day-yesterday = Hier
new-messages = Nouveaux messages
message-hidden = Message masqué : il ne vient pas de la personne annoncée.
message-unauthorised = Message masqué : hors autorisation
acting-for = aidant(e), au nom de { $patient }, { $until }
until-day = jusqu’au { $date }
until-time = jusqu’au { $date } à { $time }
log-from-now = Vous voyez les messages à partir de maintenant.
delivery-waiting = En attente
delivery-sent = Envoyé
delivery-delivered = Remis
delivery-read = Lu
delivery-failed = Non envoyé
resend = Renvoyer
discard = Supprimer
composer-label = Votre message
composer-placeholder = Écrire un message
send = Envoyer
counter-left = { $left ->
    [0] Limite atteinte
    [one] Il reste 1 caractère
   *[other] Il reste { $left } caractères
}
counter-over = { $over ->
    [one] 1 caractère de trop : raccourcissez, ou envoyez en deux messages.
   *[other] { $over } caractères de trop : raccourcissez, ou envoyez en deux messages.
}
readers-only = Seules ces personnes peuvent lire :
readers-none = Les personnes qui peuvent lire s’afficheront quand votre appareil sera ajouté.
readers-title = Seules ces personnes peuvent lire
readers-source = Cette liste vient des clés de la conversation, vérifiées sur cet appareil. Elle ne vient pas du serveur.
readers-unlisted = Un appareil peut lire sans que le serveur dise à qui il est. N’écrivez plus rien ici et appelez la pharmacie.
readers-not-yet = Pas encore : { $names }. Son appareil ne s’est pas présenté.
identity-not-compared = identité non comparée
identity-compare = Comparer avec { $name }
identity-explained = « Identité non comparée » : vous n’avez pas encore comparé les clés avec cette personne, face à face. Le nom est celui que la pharmacie a enregistré.
server-cannot-title = Ce que le serveur ne peut pas voir
server-cannot = Le texte de vos messages, ni la précision écrite avec le motif. Il n’a aucune des clés.
server-can-title = Ce que le serveur voit
server-can = Qui participe, le motif choisi, l’heure et la taille approximative de chaque envoi, et s’il a été remis ou lu.
readiness-waiting-for-patient-title = En attente de son appareil
readiness-waiting-for-patient-body = L’appareil de { $name } sera ajouté dès qu’il ouvrira Colloque. Les messages que vous écrivez d’ici là attendent sur cet appareil et partiront à ce moment.
readiness-joining-title = Votre appareil va être ajouté
readiness-joining-body = Un appareil de la pharmacie doit ajouter le vôtre à la conversation. Cela se fait tout seul dès qu’il est en ligne ; vous verrez les messages à partir de ce moment.
readiness-before-this-device-title = Cette conversation a commencé avant cet appareil
readiness-before-this-device-body = Ses messages sont chiffrés pour un autre appareil de la même personne et ne peuvent pas être lus ici. Ouvrez Colloque sur l’appareil où elle a commencé, ou demandez à la pharmacie d’en ouvrir une nouvelle.
readiness-broken-title = Le chiffrement de cette conversation est en cours de rétablissement
readiness-broken-body = Cet appareil n’a pas pu suivre un changement des clés et revient dans la conversation tout seul. Les messages déjà affichés restent lisibles ; ce que vous avez écrit attend ici. Si cela dure plus de quelques minutes, appelez la pharmacie.
readiness-refused-title = Cette conversation n’a pas été ouverte sur cet appareil
readiness-refused-body = Les clés que le serveur propose ne sont pas celles de cette conversation. Rien n’a été lu ni envoyé. Appelez la pharmacie.
readiness-removed-title = Cet appareil n’est plus dans la conversation
readiness-removed-body = Il en a été retiré et a oublié ses clés. Les messages déjà affichés restent lisibles. Si ce n’est pas vous qui l’avez voulu, appelez la pharmacie.
over-title = Cette autorisation est terminée
over-questions = Questions :
waiting-for-device = en attente de son appareil
reachable = joignable

## Patient
patient-kind-remote-dispensation = Recevoir mes médicaments
patient-kind-care-thread = Échange avec ma pharmacie
patient-kind-private-aside = Parler seul(e) à ma pharmacie
patient-list-title = Mes messages
patient-empty-title = Aucun message pour l’instant
patient-empty-body = Quand votre pharmacie vous écrira, le message s’affichera ici. Vous n’avez rien à faire. Pour lui parler maintenant, appelez-la.

## Comptoir
list-empty-pharmacist = Aucune conversation. Commencez par une dispensation à distance.
list-empty-others = Aucune conversation pour l’instant.
empty-pharmacist-title = Choisissez une conversation
empty-pharmacist-body = Ou commencez une dispensation à distance : touche N. Touche ? pour la liste des raccourcis.
empty-technician-title = Choisissez une conversation
empty-technician-body = Vous suivez ici les conversations où un pharmacien vous a ajouté. Commencer une dispensation est l’acte d’un pharmacien.
empty-carer-title = Rien à lire pour l’instant
empty-carer-body = Vous verrez ici les conversations où la personne que vous aidez vous a autorisé à lire, à partir de ce moment.
empty-courier-title = Aucune livraison
empty-courier-body = La livraison ne passe pas par les messages : un livreur ne lit jamais les conversations.
empty-second-reviewer-title = Aucun dossier à contresigner
empty-second-reviewer-body = Les dossiers ouverts par le responsable conformité et qui demandent une seconde signature s’afficheront ici.
empty-patient-title = Aucun message pour l’instant
empty-patient-body = Quand votre pharmacie vous écrira, le message s’affichera ici.
empty-compliance-officer-title = Contrôle
empty-compliance-officer-body = Choisissez une conversation.
dispensation-new = Nouvelle dispensation à distance
dispensation-patient = Patient
dispensation-filter = Chercher un nom
dispensation-found = { $count ->
    [0] Aucun patient de ce nom dans cette pharmacie.
    [one] 1 patient
   *[other] { $count } patients
}
dispensation-more = { $count ->
    [one] Encore 1 patient : précisez le nom.
   *[other] Encore { $count } patients : précisez le nom.
}
dispensation-no-patients = Cette pharmacie n’a pas encore de patient.
dispensation-motive = Motif de la dispensation à distance
dispensation-note = Précisez l’empêchement
dispensation-note-help = Chiffrée : elle devient le premier message de la conversation, que le serveur ne peut pas lire.
dispensation-missing-patient = Choisissez un patient pour pouvoir commencer.
dispensation-missing-motive = Choisissez un motif : sans motif, une dispensation à distance ne commence pas.
dispensation-missing-note = Précisez l’empêchement de se déplacer pour pouvoir commencer.
dispensation-ready = Tout est prêt. L’acte sera inscrit au journal.
dispensation-start = Commencer
people = Personnes
fact-act = Acte
fact-motive = Motif
fact-started = Commencée
fact-started-by = { $at }, par { $name }
print = Imprimer l’échange
printed-at = Imprimé le { $at }
shortcuts-title = Raccourcis clavier
shortcut-new = Nouvelle dispensation à distance
shortcut-new-keys = N
shortcut-next = Conversation suivante
shortcut-next-keys = J ou ↓
shortcut-previous = Conversation précédente
shortcut-previous-keys = K ou ↑
shortcut-send = Envoyer le message
shortcut-send-keys = Entrée
shortcut-line = Aller à la ligne
shortcut-line-keys = Maj + Entrée
shortcut-microphone = En visio : couper ou rendre le micro
shortcut-microphone-keys = M
shortcut-camera = En visio : couper ou rendre la caméra
shortcut-camera-keys = C
shortcut-big-text = En visio : écrire en grand
shortcut-big-text-keys = E
shortcut-escape = Fermer, ou revenir à la liste
shortcut-escape-keys = Échap
shortcut-help = Cette liste
shortcut-help-keys = ?

## Mes preuves
proofs-title = Mes preuves

## Rôles, motifs, actes
role-patient = Patient
role-carer = Aidant(e)
role-pharmacist = Pharmacien(ne)
role-technician = Préparateur(trice)
role-courier = Livreur(se)
role-compliance-officer = Responsable conformité
role-second-reviewer = Second contrôle
role-hub = Le serveur
role-unknown = Personne inconnue du serveur
kind-remote-dispensation = Dispensation à distance
kind-care-thread = Échange avec ma pharmacie
kind-private-aside = Parler seul(e) à ma pharmacie
motive-health = état de santé
motive-age = âge
motive-location = situation géographique
motive-other = autre empêchement de se déplacer
motive-choice-health = État de santé
motive-choice-age = Âge
motive-choice-location = Situation géographique
motive-choice-other = Autre empêchement de se déplacer (préciser)

## Refus
code-unknown = Cela n’a pas fonctionné ({ $code }). Réessayez ; si cela se répète, appelez la pharmacie.
code-E_MALFORMED = Cette demande est illisible pour le serveur. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_SESSION = Votre session est terminée. Reconnectez-vous pour continuer ; rien n’est perdu.
code-E_ORIGIN = Cette demande vient d’une autre adresse que celle de la pharmacie. Ouvrez Colloque depuis son adresse habituelle.
code-E_DEVICE = Cet appareil est déjà enregistré autrement. Déconnectez-vous puis reconnectez-vous.
code-E_ROLE = Votre rôle ne permet pas cet acte. Demandez à un pharmacien de le faire.
code-E_TENANT = Cette personne ne fait pas partie de cette pharmacie. Vérifiez le nom dans la liste des patients.
code-E_KIND = Cet acte n’existe pas dans ce genre de conversation. Choisissez une autre conversation ou un autre acte.
code-E_NOT_FOUND = Cette conversation n’est pas accessible. Revenez à la liste de vos conversations.
code-E_EPOCH = La liste des personnes vient de changer. Votre appareil se met à jour et recommence.
code-E_ID_REUSED = Un autre envoi porte déjà ce numéro. Écrivez le message à nouveau.
code-E_KEY_PACKAGE_USED = Cette clé a déjà servi. Votre appareil en demande une autre et recommence.
code-E_NO_KEY_PACKAGE = L’appareil de cette personne ne s’est pas encore présenté. Elle sera ajoutée dès qu’elle ouvrira Colloque.
code-E_FRANKING = Les données authentifiées de ce message ne correspondent pas à cette conversation. Rechargez la page et écrivez à nouveau.
code-E_GROUP_INFO = L’état de chiffrement envoyé par cet appareil n’est pas valable : rien n’a changé. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_KEY_PACKAGE = Les clés publiées par cet appareil ne sont pas valables. Vérifiez l’heure de l’appareil, puis rechargez la page.
code-E_SENDER = Ce changement porte la signature d’un autre appareil : rien n’a changé. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_COMMIT = Ce changement du groupe n’est pas valable : rien n’a changé. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_POLICY = Les règles de la conversation ne permettent pas ce changement. Demandez à un pharmacien de le faire.
code-E_REMOVE_PENDING = Un appareil est en cours de retrait. Votre envoi partira dès que ce sera fait, sans rien refaire.
code-E_RECEIPT = La confirmation de cet appareil ne correspond pas à la conversation. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_DEVICE_RETIRED = Cet appareil a été retiré de votre compte. Utilisez un autre de vos appareils, ou appelez la pharmacie.
code-E_RATE = Trop d’envois en peu de temps. Votre appareil reprend dans un instant.
code-E_BUSY = Le serveur ne peut pas enregistrer l’acte maintenant. Rien n’est perdu : votre appareil recommence.
code-E_INTERNAL = Une erreur est survenue dans le serveur. Rien n’a été enregistré ; votre appareil recommence.
code-C_OFFLINE = La pharmacie n’est pas joignable pour l’instant. Réessayez dès que la liaison revient ; ce qui est déjà écrit partira tout seul.
code-C_SERVER = Le serveur a répondu quelque chose d’incompréhensible. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-C_NOT_READY = Cet appareil n’a pas encore les clés de cette conversation. Attendez qu’il y soit ajouté, ou appelez la pharmacie.
code-C_LENGTH = Le message est vide ou trop long. Raccourcissez-le ou envoyez-le en plusieurs fois.
code-C_LOG_FORKED = Le journal a montré deux histoires différentes à deux appareils. Gardez vos preuves et prévenez la personne titulaire de la pharmacie.
code-C_RECEIPT = Le serveur a donné un reçu qui ne prouve pas votre acte. Voyez « Mes preuves » et prévenez la pharmacie.
code-C_STORAGE = Cet appareil n’arrive plus à enregistrer. Libérez de la place, puis rechargez la page.
code-C_REMOVE_UNJUSTIFIED = Le serveur demande le retrait d’un appareil sans preuve que sa personne l’ait voulu. Cet appareil a refusé. Prévenez la personne titulaire de la pharmacie.
code-C_GROUP_REFUSED = Le serveur a proposé des clés qui ne sont pas celles de cette conversation. Cet appareil les a refusées. Prévenez la personne titulaire de la pharmacie.
code-C_GROUP_FORKED = Deux appareils n’ont pas les mêmes clés pour une conversation. Prévenez la personne titulaire de la pharmacie.
code-C_LINK = L’autre appareil n’a pas pu laisser entrer celui-ci. Recommencez.
code-E_IDENTITY = Ce certificat n’est pas valable : rien n’a changé. Rechargez la page ; si cela se répète, appelez la pharmacie.
code-E_CLOCK = L’heure de cet appareil est fausse. Réglez-la, puis recommencez.
code-E_DEVICE_CERTIFICATE = Cet appareil n’est pas encore relié à votre compte. Laissez-le entrer depuis un autre de vos appareils.
code-C_IDENTITY_CHANGED = Le compte d’une personne a changé sans l’accord de deux pharmaciens. Cet appareil a refusé. Prévenez la personne titulaire de la pharmacie.
code-C_IDENTITY_UNPROVEN = Le compte d’une personne n’est pas inscrit au journal. Cet appareil a refusé. Prévenez la pharmacie.
code-C_DELEGATION = Le serveur montre une autorisation qui n’est pas valable. Cet appareil l’a refusée. Prévenez la pharmacie.
code-C_STAFF_WAITING = Votre compte attend la confirmation de la personne titulaire. Demandez-la-lui.
