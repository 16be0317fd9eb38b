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

/** Addresses of the Firebase project. Those of a local suite are http://10.0.2.2:5001/PROJECT/REGION, …:9199, …:8080. */
class Place(
    val projectId: String,
    val functions: String = "https://us-central1-$projectId.cloudfunctions.net",
    val storage: String = "https://firebasestorage.googleapis.com",
    val firestore: String = "https://firestore.googleapis.com",
)

/** Stores on disk the addresses of uploads that have begun, so that another process continues where this one ended. */
interface Sessions {
    operator fun get(path: String): String?
    operator fun set(path: String, session: String)
    fun remove(path: String)
}

/** The server or Storage refused the request. [code] is from the catalogue (docs/operations.md), and [message] is for users. */
class Refused(val status: Int, val code: String, message: String, val retryAfterSeconds: Int?) : Exception(message)

/** There was no answer, or one that says nothing about the recordings. Make the same call again later. */
class NotReached(message: String, cause: Throwable? = null) : IOException(message, cause)

/**
 * The parts that a generator cannot make from docs/openapi.yaml: uploads that continue where they stopped, without an SDK of Storage; the
 * end of jobs; registration for pushes. The models are generated. Calls block: make them in a worker.
 *
 * @param idToken returns the ID token of Firebase Auth; a new one if `refresh` is true
 */
class SyncClient(
    private val place: Place,
    private val mapper: ObjectMapper,
    private val sessions: Sessions,
    private val idToken: (refresh: Boolean) -> String,
) {
    /**
     * Creates a job, or returns it with its progress if it exists: the same key and manifest mean the same job. Keep the key until the job
     * has ended.
     */
    fun createJob(manifest: Manifest): CreatedJob =
        mapper.treeToValue(call("createSyncJob", manifest), CreateSyncJobAnswer::class.java).result

    /** Uploads what the job still expects. @param audioOf the file of a recording, by its name */
    fun uploadExpected(job: CreatedJob, audioOf: (name: String) -> File) {
        for (file in job.files.filter { it.state == FileState.EXPECTED }) upload(job.bucket, file, audioOf(file.name))
    }

    fun status(jobId: String): Job =
        mapper.readValue(get("syncStatus?job_id=${encoded(jobId)}").body, Job::class.java)

    /** Ids of the user's jobs that have ended and are not acknowledged, from all devices. Ask at each launch, because pushes get lost. */
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
     * Completes ended jobs: [handle] deletes the audio of recordings that are done and shows new conversations. A job is acknowledged
     * afterwards, so a process that dies during `handle` gets the job again.
     */
    fun completeJobs(jobIds: List<String>, handle: (Job) -> Unit) {
        for (jobId in jobIds) {
            val job = status(jobId)
            if (job.finishedAt == null) continue
            handle(job)
            call("acknowledgeSyncJobs", mapOf("job_ids" to listOf(jobId)))
        }
    }

    /**
     * Registers the device for pushes. Call it at each launch, and whenever FCM gives a new token.
     * @param deviceId at most 64 letters and digits, also the `device_id` of uploads
     */
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

    /** Uploads one object in pieces. It resumes at the byte that Storage has reached, in this process or a later one. */
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
        sessions[path] = session // Stored before the first byte is sent, so that no upload begins twice.
        return session
    }

    /** @return false if Storage no longer knows the session */
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

    /** Makes a request with an ID token, and once more with a new one if that is refused. @throws Refused */
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

    /** Only an answer with a code of this service or of Google says anything about the recordings. */
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

        /** Size of a piece: the protocol requires multiples of 256 KiB. An interruption costs at most one piece. */
        const val PIECE = 256 * 1024
    }
}
