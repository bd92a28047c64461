## Mes preuves
proofs-lead = Chaque acte que vous faites est inscrit dans le journal de la pharmacie. Voici vos reçus, vérifiés par cet appareil : personne ne peut retirer un acte du journal sans que son reçu le montre.
proofs-empty = Aucune preuve pour l’instant. Votre premier message laissera la première.
proofs-key = Télécharger la clé du journal
proofs-outside = Vérifier une preuve ailleurs
proofs-technical = Preuves techniques ({ $count })
proofs-verify = Pour vérifier une preuve ailleurs, sans ce serveur :
proofs-command = colloque verify-receipt FICHIER --key CLÉ
proof-place = { $log }, entrée n° { $index }
proof-number = n° { $index }
proof-verified = Vérifiée sur cet appareil
proof-refused = Refusée
proof-download = Télécharger la preuve

## Contrôle
control-title = Contrôle
control-traced = Chaque consultation est tracée : ouvrir une liste ou une conversation laisse une entrée à votre nom.
control-filter = Chercher une personne
control-choose = Choisissez une conversation pour voir ce qui s’y est passé. Les contenus ne sont jamais visibles ici.
control-empty = Aucune conversation dans cette pharmacie.
entries = { $count ->
    [one] 1 entrée
   *[other] { $count } entrées
}
timeline-title = Chronologie
timeline-loading = Vérification en cours : { $count } entrées reçues…
timeline-numbered = { $count ->
    [one] 1 entrée, numérotée sans trou.
   *[other] { $count } entrées, numérotées sans trou.
}
timeline-gap = La numérotation a un trou : une entrée de cette conversation n’a pas été montrée. Lancez « Vérifier l’intégrité » et prévenez l’hébergeur.
timeline-denied-only = Refus seulement
timeline-nothing = Aucune entrée de ce genre.
band-label = { $count ->
    [one] 1 entrée
   *[other] { $count } entrées
}{ $denied ->
    [0] , aucun refus
    [one] , dont 1 refus
   *[other] , dont { $denied } refus
}, du { $from } au { $to }
entry-who = { $name }, { $role }
entry-acting = Au nom du patient, sous l’autorisation { $delegation }, version { $version }
entry-rule = Règle appliquée : { $rule }
entry-raw = Entrée n° { $index } du { $log }, telle qu’elle est scellée
entry-raw-altered = Entrée n° { $index } du { $log }, telle que le serveur la donne maintenant
entry-altered = Altérée : ces octets ne sont pas ceux qui ont été scellés. Ce qu’ils disent ci-dessous ne prouve rien.
entry-doubtful = { $fault } Ce que dit cette entrée ne prouve rien.
decision-permit = Permis
decision-deny = Refusé
decision-altered = Altérée
log-care = journal des soins
log-technical = journal technique
integrity-title = Intégrité du journal
integrity-lead = Calculée dans ce navigateur, à partir de toutes les entrées : la parole du serveur ne suffit pas.
integrity-verify = Vérifier l’intégrité
integrity-running = Vérification en cours…
integrity-progress = { $done } entrées sur { $total }
integrity-intact = { $count ->
    [one] Intègre : 1 entrée
   *[other] Intègre : { $count } entrées
}
integrity-log = { $count ->
    [one] { $log }, 1 entrée, racine
   *[other] { $log }, { $count } entrées, racine
}
integrity-signed = signature vérifiée
integrity-where = Recalculé ici en { $seconds } s. Notez la racine : toute preuve future doit la prolonger.
integrity-broken-at = Altéré : entrée n° { $index } du { $log }
integrity-broken = Altéré : { $log }
integrity-to-entry = Voir l’entrée n° { $index } dans la chronologie
integrity-outdated = Le résultat affiché avant ne vaut plus : il a été calculé avant ce changement.
integrity-what-to-do = Que faire : ne corrigez rien. Gardez cet écran (impression ou capture), prévenez la personne titulaire et l’hébergeur, et comparez avec les preuves que les participants ont téléchargées.
fault-entry-altered = Cette entrée ne correspond plus à l’empreinte scellée le jour de l’acte : son contenu a été modifié dans la base.
fault-entry-missing = Cette entrée a été retirée du journal.
fault-tree-altered = Les empreintes du journal ne mènent plus à la racine signée.
fault-signature = La signature du journal ne vient pas de la clé de cette pharmacie.
fault-shrunk = Le journal est plus court qu’il ne l’a été : des entrées de la fin ont été retirées.
fault-forked = Le journal présenté n’est pas la suite de celui que cet appareil a vu : il y a deux histoires.
fault-log-key-changed = La clé du journal n’est pas celle que cet appareil connaît.
tamper = Falsifier un octet
tamper-title = Falsifier un octet ?
tamper-body = Démonstration : un octet d’une entrée de cette conversation sera changé dans la base, comme le ferait un intrus. Cela ne se défait pas. « Vérifier l’intégrité » doit ensuite nommer l’entrée.
tamper-confirm = Falsifier
tampered = Un octet a été changé dans la base. Lancez « Vérifier l’intégrité » : l’entrée touchée doit être nommée.

## Rôles, motifs, actes
entry-dispensation-started = Dispensation à distance commencée
entry-thread-started = Échange avec la pharmacie commencé
entry-key-package-claimed = Clé d’un appareil demandée pour l’ajouter
entry-group-committed = Appareils de la conversation modifiés
entry-message-sent = Message chiffré envoyé
entry-act-refused = Acte refusé
entry-audit-conversations-listed = Liste des conversations consultée
entry-audit-timeline-read = Chronologie consultée
entry-audit-logs-verified = Intégrité du journal vérifiée
entry-session-opened = Session ouverte
entry-session-closed = Session fermée
entry-device-registered = Appareil enregistré
entry-connection-opened = Connexion ouverte
entry-key-packages-published = Clés d’accueil déposées
entry-group-info-told = État du groupe donné à un appareil qui y revient
entry-group-confirmed = Appareil : clés de la conversation confirmées
entry-group-forked = Deux appareils n’ont pas les mêmes clés : à vérifier
entry-group-stuck = Un appareil ne peut plus suivre la conversation
entry-group-succeeded = Chiffrement de la conversation recommencé
entry-group-remove-proposed = Retrait d’un appareil demandé par le serveur
entry-device-retired = Appareil retiré par son propriétaire
entry-identity-issued = Compte sécurisé certifié
entry-account-revocation-proposed = Compte déclaré perdu par un premier pharmacien
entry-staff-certified = Compte d’un membre de l’équipe confirmé
entry-device-certified = Appareil relié à un compte
entry-device-link-asked = Un appareil demande à être relié
entry-recovery-kept = Code de secours créé
entry-recovery-asked = Code de secours utilisé
entry-account-revoked = Compte perdu, remplacé sur la parole de deux pharmaciens
entry-carer-linked = Aidant ajouté par son code
entry-carer-code-made = Code d’aidant donné
entry-aside-started = Conversation seul(e) avec la pharmacie commencée
entry-delegation-proposed = Autorisation signée, à confirmer
entry-delegation-confirmed = Autorisation confirmée par un pharmacien
entry-delegation-accepted = Autorisation acceptée par l’aidant
entry-delegation-activated = Autorisation commencée
entry-delegation-narrowed = Autorisation réduite
entry-delegation-revoked = Autorisation retirée par le patient
entry-delegation-resigned = Autorisation rendue par l’aidant
entry-delegation-suspended = Autorisation suspendue par un pharmacien
entry-delegation-expired = Autorisation arrivée à sa fin
rule-hello = Une personne connectée peut relier son appareil.
rule-key-packages-publish = Une personne qui peut participer à une conversation dépose les clés d’accueil de son appareil.
rule-key-packages-claim = Un appareil de la conversation peut demander la clé d’un appareil à ajouter.
rule-conversation-create = Un pharmacien peut commencer une dispensation, avec un motif, pour un patient de sa pharmacie.
rule-group-commit = Un appareil de la conversation peut en changer les appareils, un changement à la fois.
rule-group-info = Un appareil d’un membre peut demander l’état du groupe pour y revenir.
rule-group-receipt = Un appareil de la conversation confirme, par sa signature, les clés qu’il a.
rule-group-stuck = Un appareil de la conversation peut dire qu’il ne peut plus suivre.
rule-group-succeed = Un pharmacien peut recommencer le chiffrement quand aucun appareil ne peut plus suivre.
rule-group-remove = Le serveur demande le retrait d’un appareil dont le propriétaire s’est défait.
rule-device-retire = Une personne peut retirer un de ses appareils, par une déclaration signée.
rule-identity-enrol = Une personne connectée fait certifier son compte, une fois.
rule-device-certify = Une personne relie ses propres appareils, par une déclaration signée.
rule-staff-certify = La personne titulaire confirme les comptes de son équipe.
rule-account-revoke = Deux pharmaciens peuvent déclarer un compte perdu.
rule-carers-link = Un patient ajoute son aidant par le code de celui-ci.
rule-delegation-propose = Un patient peut autoriser un aidant dans une conversation.
rule-delegation-confirm = Un pharmacien confirme l’identité de l’aidant, sans rien élargir.
rule-delegation-accept = L’aidant accepte ses devoirs.
rule-delegation-end = Le patient retire, l’aidant rend, un pharmacien suspend : tout de suite.
rule-message-send = Un appareil de la conversation peut y écrire.
rule-audit-conversations = Le responsable conformité peut consulter la liste ; la consultation est tracée.
rule-audit-timeline = Le responsable conformité peut consulter une chronologie ; la consultation est tracée.
rule-audit-verify = Le responsable conformité peut vérifier le journal ; la vérification est tracée.

## Qui a vu quoi
accesses-lead = Chaque consultation, chaque acte et chaque refus qui vous concerne, le plus récent d’abord. Cette page se met à jour toute seule.
accesses-empty = Rien pour l’instant.
accesses-older = Afficher plus ancien
accesses-in = Dans « { $kind } »
accesses-colon = {" : "}
accesses-why-scope = Hors de ce que vous avez autorisé.
accesses-why-over = L’autorisation était terminée.
accesses-why-other = Les règles ne le permettent pas ({ $rule }).
