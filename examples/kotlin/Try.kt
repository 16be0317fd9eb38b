package sync

import java.io.File
import java.util.Properties
import sync.models.DevicePlatform
import sync.models.Job
import sync.models.Manifest
import sync.models.ManifestFile

/** Uploads a file and waits until its job has ended. If it is started again, it continues. An app does this in a worker, and waits for the push. */
fun main(args: Array<String>) {
    val (audio, directory) = args.map(::File)
    var idToken = "of yesterday"
    val client = SyncClient(
        Place(env("PROJECT_ID"), env("FUNCTIONS_URL"), env("STORAGE_URL"), env("FIRESTORE_URL")),
        mapper(),
        FileSessions(File(directory, "sessions")),
    ) { refresh ->
        if (refresh) idToken = env("ID_TOKEN")
        idToken
    }

    try {
        client.status("unknown")
    } catch (refused: Refused) {
        println("${refused.status} ${refused.code}")
    }
    client.register(env("UID"), "phone1", "token of FCM", DevicePlatform.ANDROID)

    val files = listOf(ManifestFile(audio.name, audio.length()))
    val job = client.createJob(Manifest(files, deviceId = "phone1", idempotencyKey = "batch-1"))
    client.uploadExpected(job) { audio }
    while (client.status(job.jobId).finishedAt == null) Thread.sleep(500)

    client.completeJobs(client.unacknowledged()) { ended: Job ->
        val states = ended.files.joinToString { "${it.name} ${it.state}" }
        println("${ended.jobId} ${ended.status}: $states; ${ended.newConversationIds.size} new conversations")
    }
    println("${client.unacknowledged().size} left")
}

private fun env(name: String): String = System.getenv(name) ?: error("$name is missing.")

class FileSessions(private val file: File) : Sessions {
    private val known = Properties().apply { if (file.exists()) file.inputStream().use(::load) }

    override fun get(path: String): String? = known.getProperty(path)

    override fun set(path: String, session: String) {
        known.setProperty(path, session)
        save()
    }

    override fun remove(path: String) {
        known.remove(path)
        save()
    }

    private fun save() = file.outputStream().use { known.store(it, null) }
}
