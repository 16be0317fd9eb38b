package sync

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.net.HttpURLConnection
import java.net.URL
import java.net.URLEncoder
import sync.models.CreateSyncJobAnswer
import sync.models.CreatedFile
import sync.models.CreatedJob
import sync.models.DevicePlatform
import sync.models.FileState
import sync.models.Job
import sync.models.JobPage
import sync.models.Manifest

/** Where the Firebase project is. The addresses of a local suite: http://10.0.2.2:5001/PROJECT/REGION, …:9199, …:8080. */
class Place(
    val projectId: String,
    val functions: String = "https://us-central1-$projectId.cloudfunctions.net",
    val storage: String = "https://firebasestorage.googleapis.com",
    val firestore: String = "https://firestore.googleapis.com",
)

/** Addresses of uploads that have begun, on disk: so another process goes on where this one ended. */
interface Sessions {
    operator fun get(path: String): String?
    operator fun set(path: String, session: String)
    fun remove(path: String)
}

/** The server, or Storage, refused: [code] is of the catalogue (docs/operations.md), and [message] is for people. */
class Refused(val status: Int, val code: String, message: String, val retryAfterSeconds: Int?) : Exception(message)

/** No answer, or one that says nothing about the recordings: do the same again later. */
class NotReached(message: String, cause: Throwable? = null) : IOException(message, cause)

/**
 * What a generator cannot make of docs/openapi.yaml: uploads that go on where they stopped, without an SDK of Storage; the end of jobs;
 * registration for pushes. The models are generated. Calls block: make them in a worker.
 *
 * @param idToken of Firebase Auth; a new one where `refresh` is true
 */
class SyncClient(
    private val place: Place,
    private val mapper: ObjectMapper,
    private val sessions: Sessions,
    private val idToken: (refresh: Boolean) -> String,
) {
    /** Begins a job, or shows how far it is: the same key and manifest again are the same job. Keep the key until the job has ended. */
    fun createJob(manifest: Manifest): CreatedJob =
        mapper.treeToValue(call("createSyncJob", manifest), CreateSyncJobAnswer::class.java).result

    /** Uploads what the job still expects. @param audioOf the file of a recording, by its name */
    fun uploadExpected(job: CreatedJob, audioOf: (name: String) -> File) {
        for (file in job.files.filter { it.state == FileState.EXPECTED }) upload(job.bucket, file, audioOf(file.name))
    }

    fun status(jobId: String): Job =
        mapper.readValue(get("syncStatus?job_id=${encoded(jobId)}").body, Job::class.java)

    /** Jobs that have ended and that no app has taken in yet: of every device of the user. Ask at each launch, because pushes get lost. */
    fun unacknowledged(): List<String> {
        val ids = mutableListOf<String>()
        var token: String? = null
        do {
            val query = "limit=100" + (token?.let { "&page_token=${encoded(it)}" } ?: "")
            val page = mapper.readValue(get("syncJobs?$query").body, JobPage::class.java)
            ids += page.jobs.filter { it.finishedAt != null && it.acknowledgedAt == null }.map { it.jobId }
            token = page.nextPageToken
        } while (token != null)
        return ids
    }

    /**
     * Takes in what has ended: [handle] deletes the audio of recordings that are done and shows what is new. Acknowledged afterwards, so a
     * process that dies in it gets the job again.
     */
    fun completeJobs(jobIds: List<String>, handle: (Job) -> Unit) {
        for (jobId in jobIds) {
            val job = status(jobId)
            if (job.finishedAt == null) continue
            handle(job)
            call("acknowledgeSyncJobs", mapOf("job_ids" to listOf(jobId)))
        }
    }

    /** At each launch, and whenever FCM gives a new token. @param deviceId letters and digits, at most 64: also `device_id` of uploads */
    fun register(uid: String, deviceId: String, fcmToken: String, platform: DevicePlatform) {
        require(Regex("[A-Za-z0-9]{1,64}").matches(deviceId)) { "A device id is 1 to 64 letters and digits." }
        val documents = "projects/${place.projectId}/databases/(default)/documents"
        val fields = mapOf("fcmToken" to text(fcmToken), "platform" to text(platform.value))
        val write = mapOf(
            "update" to mapOf("name" to "$documents/users/$uid/devices/$deviceId", "fields" to fields),
            "updateTransforms" to listOf(mapOf("fieldPath" to "updatedAt", "setToServerValue" to "REQUEST_TIME")),
        )
        authorised("${place.firestore}/v1/$documents:commit", json(mapOf("writes" to listOf(write))))
    }

    /** One object, in pieces. It resumes at the byte that Storage has, in this process or a later one. */
    fun upload(bucket: String, file: CreatedFile, audio: File) {
        var failures = 0
        RandomAccessFile(audio, "r").use { bytes ->
            while (true) {
                try {
                    val session = sessions[file.path] ?: begin(bucket, file.path, bytes.length())
                    if (sendRest(session, bytes)) break
                    sessions.remove(file.path) // Storage has forgotten it.
                } catch (error: NotReached) {
                    failures += 1
                    if (failures == ATTEMPTS) throw error
                    Thread.sleep(1000L shl failures)
                }
            }
        }
        sessions.remove(file.path)
    }

    private fun begin(bucket: String, path: String, size: Long): String {
        val headers = mapOf(
            "X-Goog-Upload-Protocol" to "resumable",
            "X-Goog-Upload-Command" to "start",
            "X-Goog-Upload-Header-Content-Length" to "$size",
            "X-Goog-Upload-Header-Content-Type" to "application/octet-stream",
        )
        val url = "${place.storage}/v0/b/$bucket/o?name=${encoded(path)}"
        val answer = authorised(url, json(mapOf("name" to path, "contentType" to "application/octet-stream")), headers, "Firebase")
        val session = answer.header("X-Goog-Upload-URL") ?: throw NotReached("Somebody else answered for Storage.")
        sessions[path] = session // Before the first byte: what has begun is never begun twice.
        return session
    }

    /** @return false where Storage does not know the session any more */
    private fun sendRest(session: String, audio: RandomAccessFile): Boolean {
        val at = request(session, ByteArray(0), mapOf("X-Goog-Upload-Command" to "query"))
        if (at.status in listOf(400, 404, 410)) return false
        var status = uploadStatus(at)
        var offset = at.header("X-Goog-Upload-Size-Received")?.toLong() ?: 0
        while (status == "active") {
            val piece = ByteArray(minOf(PIECE.toLong(), audio.length() - offset).toInt())
            audio.seek(offset)
            audio.readFully(piece)
            val isLast = offset + piece.size == audio.length()
            val command = if (isLast) "upload, finalize" else "upload"
            val answer = request(session, piece, mapOf("X-Goog-Upload-Command" to command, "X-Goog-Upload-Offset" to "$offset"))
            if (answer.status == 400) throw NotReached("Storage is at another byte.")
            status = uploadStatus(answer)
            offset += piece.size
        }
        return status == "final"
    }

    private fun uploadStatus(answer: Answer): String {
        if (answer.status != 200) throw NotReached("Storage answered ${answer.status}.")
        return answer.header("X-Goog-Upload-Status") ?: throw NotReached("Somebody else answered for Storage.")
    }

    private fun call(name: String, data: Any): JsonNode =
        mapper.readTree(authorised("${place.functions}/$name", json(mapOf("data" to data))).body)

    private fun get(pathAndQuery: String): Answer = authorised("${place.functions}/$pathAndQuery", null)

    /** With an ID token, and once more with a new one. @throws Refused */
    private fun authorised(
        url: String,
        body: ByteArray?,
        headers: Map<String, String> = emptyMap(),
        scheme: String = "Bearer",
    ): Answer {
        val ask = { refresh: Boolean ->
            val own = mapOf("Authorization" to "$scheme ${idToken(refresh)}", "Content-Type" to "application/json")
            request(url, body, headers + own)
        }
        val answer = ask(false).let { if (it.status == 401) ask(true) else it }
        if (answer.status < 300) return answer
        throw refusal(answer)
    }

    /** Only an answer with a code of ours, or of Google's, says anything about the recordings. */
    private fun refusal(answer: Answer): Exception {
        val error = runCatching { mapper.readTree(answer.body) }.getOrNull()?.path("error")
        val own = error?.path("details")?.takeIf { it.isObject } ?: error
        if (own == null || !own.has("code")) return NotReached("HTTP ${answer.status} without an error of the server.")
        val retryAfter = answer.header("Retry-After")?.toIntOrNull()
            ?: own.path("retry_after_seconds").takeIf { it.isInt }?.asInt()
        return Refused(answer.status, own.path("code").asText(), own.path("message").asText(), retryAfter)
    }

    private class Answer(val status: Int, val body: String, val header: (String) -> String?)

    /** @param body null for a GET */
    private fun request(url: String, body: ByteArray?, headers: Map<String, String>): Answer {
        val connection = URL(url).openConnection() as HttpURLConnection
        try {
            connection.connectTimeout = 30_000
            connection.readTimeout = 150_000
            headers.forEach { (name, value) -> connection.setRequestProperty(name, value) }
            if (body != null) {
                connection.requestMethod = "POST"
                connection.doOutput = true
                connection.setFixedLengthStreamingMode(body.size)
                connection.outputStream.use { it.write(body) }
            }
            val status = connection.responseCode
            val stream = if (status < 400) connection.inputStream else connection.errorStream
            val text = stream?.use { it.readBytes().decodeToString() } ?: ""
            val fields = connection.headerFields
            return Answer(status, text) { name ->
                fields.entries.firstOrNull { it.key?.equals(name, ignoreCase = true) == true }?.value?.firstOrNull()
            }
        } catch (error: IOException) {
            throw NotReached("The network failed.", error)
        } finally {
            connection.disconnect()
        }
    }

    private fun json(value: Any): ByteArray = mapper.writeValueAsBytes(value)

    private fun text(value: String) = mapOf("stringValue" to value)

    private fun encoded(text: String): String = URLEncoder.encode(text, "UTF-8").replace("+", "%20")

    private companion object {
        const val ATTEMPTS = 4

        /** A multiple of 256 KiB, as the protocol asks for. An interruption costs one. */
        const val PIECE = 256 * 1024
    }
}
