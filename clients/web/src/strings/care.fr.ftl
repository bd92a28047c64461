## Ce qu’une autorisation permet
scope-conversation-read = lire les messages
scope-conversation-send = écrire { $voice ->
    [you] en votre nom
   *[they] au nom du patient
}
scope-call-join = participer à la visio
scope-delivery-receive = recevoir le colis
scope-document-send = envoyer des documents
scope-document-read = voir les documents
scope-prescription-present = présenter l’ordonnance et la carte Vitale
scope-dispensation-request = demander une dispensation
scope-appointment-manage = gérer les rendez-vous
scope-sensitive-read = voir les sujets privés
scope-decide-assist = { $voice ->
    [you] vous aider
   *[they] aider le patient
} à décider
scope-decide-final = décider pour { $voice ->
    [you] vous
   *[they] le patient
}
basis-patient-mandate = Mandat du patient
basis-trusted-person = Personne de confiance
basis-parental-authority = Autorité parentale
basis-guardianship-person = Tutelle
basis-family-habilitation-representation = Habilitation familiale (représentation)
basis-family-habilitation-assistance = Habilitation familiale (assistance)
basis-curatorship = Curatelle
basis-future-protection-mandate = Mandat de protection future
basis-de-facto-carer = Aidant de fait
which-conversation = « { $kind } » du { $date } avec { $name }
which-unknown = une conversation que cet appareil ne connaît pas
period-later = à partir du { $from } et { $until }
delegation-summary = { $voice ->
    [you] { $name } pourra { $scopes }, seulement dans la conversation { $conversation }, { $until }. Rien d’autre. Vous pourrez l’arrêter à tout moment.
   *[they] { $name } pourra, pour { $patient }, { $scopes }, seulement dans la conversation { $conversation }, { $until }. Rien d’autre. { $patient } pourra l’arrêter à tout moment.
}
delegation-proposed = En attente de la pharmacie
delegation-second = En attente d’un second pharmacien
delegation-confirmed = En attente de l’accord de l’aidant
delegation-later = Commence le { $at }
delegation-accepted = Commence dans un instant
delegation-active = Active
delegation-ending = En cours…
delegation-revoked = Arrêtée
delegation-suspended = Suspendue par la pharmacie
delegation-expired = Arrivée à sa fin
delegation-resigned = Rendue par l’aidant
delegation-contested = Contestée
suspension-telephone = Demandé par téléphone
suspension-abuse = Abus constaté
suspension-death = Décès
suspension-contest = Autorisation contestée
mandate-paper = sur papier
mandate-evidence = représentant légal, sur document

## Mes aidants
carers-lead = Un aidant peut lire et écrire pour vous dans une seule conversation, jusqu’à la date que vous choisissez. Vous pouvez l’arrêter à tout moment.
carers-empty = Personne n’est autorisé à lire ou à écrire pour vous.
carers-new = Autoriser un aidant
carers-now = Autorisations
carers-history = Historique ({ $count })
carers-in = Dans la conversation { $conversation }
carers-was = Permettait de : { $scopes }
carers-gone = Retiré : { $scopes }
carers-since = Du { $from } au { $to }
carers-renew = Renouveler
carers-withdraw-scope = Retirer
withdraw = Retirer l’autorisation de { $name }
withdraw-title = Retirer l’autorisation de { $name } ?
withdraw-body = { $name } ne pourra plus rien lire ni écrire ici, tout de suite. Vous pourrez l’autoriser de nouveau.
withdraw-scope-title = Retirer à { $name } : { $scope } ?
withdraw-scope-body = Le reste de l’autorisation ne change pas.
withdraw-confirm = Oui, retirer
withdraw-under-way = En cours… { $name } ne peut plus écrire. L’appareil d’un pharmacien doit encore confirmer le changement des clés.
withdraw-done = C’est arrêté. L’appareil d’un pharmacien a confirmé : { $name } ne peut plus rien lire ici.
strip-carer = { $name }, aidant(e), { $until }
strip-staff = { $name }, aidant(e) : { $scopes }, { $until }
strip-manage = Gérer

## Autoriser un aidant
delegate-step = Étape { $step } sur { $count }
delegate-who = Qui vous aide ?
delegate-nobody = Personne n’est encore connu de la pharmacie comme votre aidant. Demandez son code à la personne qui vous aide.
delegate-not-ready = n’a pas encore ouvert Colloque
delegate-where = Pour quelle conversation ?
delegate-nowhere = Vous n’avez pas encore de conversation où autoriser quelqu’un.
delegate-what = Que pourra faire { $name } ?
delegate-reading = Lire les messages : toujours compris. Sans lire, on ne peut rien faire d’autre ici.
delegate-more = Autres autorisations
delegate-until = Jusqu’à quand ?
delegate-day = Dernier jour
delegate-day-help = Au plus 365 jours. Ensuite, l’autorisation s’arrête seule ; vous pourrez la renouveler.
delegate-day-wrong = Choisissez un jour à venir, dans les 365 jours.
delegate-check = Relisez, puis signez
delegate-after = La pharmacie vérifiera l’identité de { $name }, puis cette personne devra accepter. Rien ne commence avant.
delegate-next = Continuer
delegate-back = Revenir
delegate-sign = Je signe
delegate-signed = C’est signé. La pharmacie doit maintenant confirmer.
code-have = J’ai le code de mon aidant
code-of-carer = Code de votre aidant
code-of-carer-help = Dix lettres et chiffres. Votre aidant les trouve dans « Mon code d’aidant ».
code-add = Ajouter cette personne
part-title = { $name } participe à cette dispensation ?
part-conversation-send = Écrire
part-call-join = Vidéo
part-delivery-receive = Colis
part-yes = Oui, { $name } participe
part-no = Pas cette fois

## L’aidant
code-lead = Dites ce code à la personne que vous aidez, de vive voix : elle pourra vous choisir dans « Mes aidants ». Il ne sert qu’une fois.
code-show = Afficher mon code
code-mine = Votre code
duties-title = { $patient } vous demande de l’aider
duties-what = Vous pourrez { $scopes }, seulement dans une conversation avec la pharmacie, { $until }.
duties-lead = Vos devoirs
duties-1 = J’agis pour { $patient } et dans son intérêt.
duties-2 = Je ne fais que ce qui est autorisé ici.
duties-3 = Je garde secret ce que je lis.
duties-4 = Mon nom s’affiche toujours : j’écris au nom de { $patient }, qui peut arrêter à tout moment.
duties-renewal = Renouvellement à accepter
duties-accept = J’accepte ces devoirs
duties-refuse = Je refuse
duties-waiting = Vous avez accepté. La conversation s’ouvrira ici dès qu’un appareil de la pharmacie ou de { $patient } vous aura ajouté.
duties-later = Vous avez accepté. L’autorisation commence le { $at }.
acting-chip = Vous écrivez au nom de { $name } { $until }
acting-reading = Vous lisez au nom de { $name } { $until }
acting-limits = Ce que vous pouvez faire ici
acting-may = Autorisé
acting-may-not = Non autorisé
acting-read-only = Écrire ne fait pas partie de cette autorisation. Pour en dire plus, appelez la pharmacie.
acting-not = Votre autorisation n’est pas encore active sur cet appareil.
resign = Rendre cette autorisation
resign-title = Rendre cette autorisation ?
resign-body = Vous ne pourrez plus rien lire ni écrire pour { $patient } ici. La personne et la pharmacie le sauront.
resign-confirm = Oui, la rendre

## Le pharmacien
confirm-title = Autorisation à confirmer : { $name }
confirm-what = { $patient } autorise { $name } à : { $scopes }, { $until }.
confirm-limits = Ce que le patient a signé ne peut pas être élargi ici.
confirm-paper = Un autre pharmacien l’a attestée { $mandate }. Comparez avec le document avant de confirmer.
confirm-identity = J’ai vérifié l’identité de { $name }
confirm-alone = Entendu seul(e) : j’ai parlé à { $patient } hors de la présence de { $name }
confirm-act = Confirmer l’autorisation
confirm-not = Ne pas confirmer
suspend = Suspendre
suspend-named = Suspendre l’autorisation de { $name }
suspend-title = Suspendre l’autorisation de { $name } ?
suspend-body = Tout de suite : { $name } ne pourra plus rien lire ni écrire ici. Pour la rétablir, il faudra une nouvelle autorisation.
suspend-why = Pourquoi ?
suspend-confirm = Suspendre maintenant
paper-title = Mandat sur papier ou représentant légal
paper-lead = Pour un patient sans appareil ou sous protection. Deux pharmaciens attestent ; un seul, avec le document, et l’autorisation ne commence que 24 h plus tard. Elle est marquée ainsi partout.
paper-kind = Ce que vous avez vu
paper-kind-paper = Un mandat signé sur papier par le patient
paper-kind-evidence = Le document d’un représentant légal (jugement, mandat notarié…)
paper-signs-alone = Ce patient a un appareil : un mandat de sa main se donne dans « Mes aidants ».
paper-basis = Fondement
paper-carer = Qui agira pour { $name } ?
paper-no-carer = La pharmacie ne connaît aucun aidant pour ce patient.
paper-what = Ce qui est autorisé
paper-file = Le document, en photo ou en PDF
paper-file-help = Il ne quitte pas cet appareil : seule son empreinte est signée. Gardez l’original.
paper-hash = Empreinte : { $hash }
paper-issuer = Délivré par (juge, notaire, ou la personne elle-même), et quand
paper-end = Dernier jour, au plus tard celui du document
paper-identity = J’ai vérifié l’identité de cette personne
paper-second = Un second pharmacien confirmera
paper-alone = Je suis seul(e) : elle commencera dans 24 h
paper-attest = Signer cette attestation
paper-missing-carer = Choisissez qui agira pour le patient.
paper-missing-file = Joignez le document et dites qui l’a délivré.
paper-missing-identity = Vérifiez d’abord l’identité de la personne.
paper-ready = Tout est prêt. L’acte sera inscrit au journal.
trace = Trace à imprimer
trace-title = Autorisation d’agir pour un patient
trace-pharmacy = { $name }, FINESS { $finess }
trace-patient = Patient
trace-carer = Aidant(e)
trace-scopes = Permet de
trace-withdrawn = Retiré depuis
trace-period = Période
trace-from-to = Du { $from } au { $to }
trace-state = État
trace-basis = Fondement
trace-mandate = Donnée
trace-by-device = Signée par l’appareil du patient
trace-evidence = Document
trace-issued = { $issuer }. Empreinte SHA-256 : { $hash }
trace-confirmed = Confirmée par
trace-confirmation = { $name }, le { $at }
trace-alone = { $name }, le { $at }, patient entendu seul
trace-number = Numéro
trace-signatures = Date et signatures
trace-print = Imprimer
trace-gone = Cette autorisation n’est pas connue de cet appareil.

## L’équipe
team-lead = La personne titulaire confirme chaque compte de l’équipe. Sans cela, personne n’entre dans une conversation, même si le serveur le voulait.
team-certified = Compte confirmé
team-owner = Titulaire
team-waiting = Attend la confirmation
team-absent = Ne s’est pas encore connecté(e)
team-profession-deputy = adjoint(e)
team-profession-locum = remplaçant(e)
team-certify = Confirmer { $name }
team-asks = { $count ->
    [one] { $names } attend la confirmation de son compte.
   *[other] { $names } attendent la confirmation de leur compte.
}
team-open = Voir l’équipe
team-me-waits = Votre compte attend la confirmation de la personne titulaire. D’ici là, vous ne pouvez pas commencer ni rejoindre une conversation.
list-to-confirm = Autorisation à confirmer

## Appareils et identité
link-title = Relier cet appareil
link-lead = Vous utilisez déjà Colloque sur un autre appareil. Pour lire vos messages ici, il faut que vous le laissiez entrer.
link-ask = Demander à mon autre appareil
link-compare = Sur l’autre appareil, les mêmes chiffres doivent s’afficher :
link-then = S’ils sont les mêmes, choisissez « Laisser entrer » sur l’autre appareil.
link-recovery = Je n’ai plus d’autre appareil
link-code = Code de secours
link-code-help = 26 lettres et chiffres, avec ou sans tirets.
link-code-use = Utiliser ce code
link-neither = Ni l’un ni l’autre ? Appelez la pharmacie.
asks-title = Un autre appareil demande à entrer dans votre compte
asks-body = Laissez-le entrer seulement s’il est à vous et montre ces chiffres :
asks-accept = Laisser entrer
asks-no = Sinon, ne faites rien et appelez la pharmacie.
asks-see = Voir la demande
devices-lead = Chacun de ces appareils peut lire vos messages. Retirez celui que vous n’avez plus.
device-number = Appareil { $number }
device-here = cet appareil
device-registered = Depuis le { $at }
device-retired = Retiré le { $at }
device-unlinked = pas encore relié
device-retire = Retirer
device-retire-title = Retirer l’appareil { $number } ?
device-retire-body = Il ne pourra plus lire ni envoyer de message et oubliera ses clés. Cela ne se défait pas.
device-retire-confirm = Oui, retirer
recovery-title = Code de secours
recovery-lead = Si vous perdez tous vos appareils, ce code vous rend votre compte. Imprimez-le et gardez-le en lieu sûr. La pharmacie ne le connaît pas.
recovery-kept = Vous avez déjà un code. En faire un nouveau annule l’ancien.
recovery-make = Créer un code de secours
recovery-once = Notez-le maintenant : il ne sera plus jamais affiché.
recovery-print = Imprimer ce code
recovery-done = C’est noté, effacer de l’écran
recovery-paper = Code de secours Colloque de { $name }
own-title = Mon identité
own-lead = Montrez ce carré, ou lisez ces chiffres, à la personne qui veut vérifier que c’est bien vous.
own-picture = Votre code QR d’identité
compare-lead = À faire face à face, ou au téléphone avec quelqu’un dont vous reconnaissez la voix.
compare-eyes = Voici ce que votre appareil sait de { $name }. Son écran « Mes appareils » montre-t-il les mêmes chiffres ?
compare-same = Ce sont les mêmes chiffres
compare-field = Ou scannez son code QR, ou tapez ses 30 chiffres
compare-act = Comparer
compare-done = Identité comparée : c’est bien la même.
changed-title = Le compte de { $name } a changé
changed-body = Deux pharmaciens ont attesté que { $name } a perdu son ancien compte et en a un nouveau. Comparez à nouveau vos identités.
changed-ok = J’ai compris

## Refus
code-E_SCOPE = Cela ne fait pas partie de votre autorisation. Demandez à la personne que vous aidez, ou appelez la pharmacie.
code-E_CAPACITY = Décider pour le patient demande un constat de capacité pour cette décision. Parlez-en au pharmacien.
code-E_ACTING_FOR = Il manque au nom de qui vous agissez. Rechargez la page et recommencez.
code-E_NO_DELEGATION = Aucune autorisation ne permet cet acte. Demandez-la à la personne que vous aidez.
code-E_DELEGATION_EXPIRED = Cette autorisation est terminée. Questions : appelez votre pharmacie.
code-E_DELEGATION_REVOKED = Cette autorisation est terminée. Questions : appelez votre pharmacie.
code-E_DELEGATION_SUSPENDED = Cette autorisation est terminée. Questions : appelez votre pharmacie.
code-E_DELEGATION_RESIGNED = Cette autorisation est terminée. Questions : appelez votre pharmacie.
code-E_LEGAL_BASIS = Ce fondement ne permet pas ce qui est demandé. Choisissez-en un autre, ou autorisez moins.
code-E_EVIDENCE = Il manque le document ou qui l’a délivré. Joignez-le et recommencez.
code-E_SELF_DELEGATION = On ne peut pas s’autoriser soi-même. Choisissez une autre personne.
code-E_SUB_DELEGATION = Une autorisation ne se transmet pas. Seul le patient peut autoriser quelqu’un.
code-E_STAFF_GRANTEE = Une personne de la pharmacie ne peut pas être aidante. Choisissez un proche.
code-E_PERIOD = Cette période est passée ou finit avant de commencer. Choisissez une date à venir.
code-E_PERIOD_TOO_LONG = Une autorisation dure au plus 365 jours. Choisissez une date plus proche.
code-E_UNKNOWN_SCOPE = Cette autorisation est inconnue. Rechargez la page et recommencez.
code-E_DUPLICATE_DELEGATION = Cette personne est déjà autorisée dans cette conversation. Retirez d’abord l’autorisation en cours.
code-E_SIGNATURE = La signature n’est pas valable : rien n’a changé. Rechargez la page et recommencez.
code-E_STALE_CONFIRMATION = Le texte a changé depuis. Relisez-le avant de confirmer.
code-E_NOT_CONFIRMED = La pharmacie n’a pas encore confirmé cette autorisation. Attendez sa confirmation.
code-E_NOT_ACCEPTED = L’aidant n’a pas encore accepté. Attendez son accord.
code-E_FOUR_EYES = Il faut deux pharmaciens différents, que cela ne concerne pas. Demandez à un autre.
code-E_ALREADY_ENDED = Cette autorisation est déjà terminée. Il n’y a rien à faire de plus.
code-E_IDENTITY_TAKEN = Cette personne a déjà un compte sécurisé. Reliez cet appareil depuis un autre, ou utilisez le code de secours.
code-E_STAFF_CERTIFICATE = Votre compte attend la confirmation de la personne titulaire. Demandez-la-lui.
code-E_CARER_CODE = Ce code n’est pas valable ou a déjà servi. Demandez-en un nouveau à votre aidant.
code-C_IDENTITY_DIFFERS = Ce ne sont pas les mêmes chiffres. N’écrivez rien de privé à cette personne et prévenez la pharmacie.
code-C_IDENTITY_UNREADABLE = Ce n’est ni un code QR d’identité, ni 30 chiffres. Recommencez.
code-C_RECOVERY_CODE = Ce code de secours n’est pas le bon. Vérifiez chaque lettre.
