package sync

import com.fasterxml.jackson.databind.BeanDescription
import com.fasterxml.jackson.databind.DeserializationConfig
import com.fasterxml.jackson.databind.DeserializationContext
import com.fasterxml.jackson.databind.DeserializationFeature
import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.deser.ValueInstantiator
import com.fasterxml.jackson.databind.deser.ValueInstantiators
import com.fasterxml.jackson.databind.deser.std.StdValueInstantiator
import com.fasterxml.jackson.databind.module.SimpleModule
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule

/**
 * The equivalent of `jacksonObjectMapper().registerModule(JavaTimeModule())` in an app. The test of this example has no jackson-module-kotlin,
 * so objects are created without their constructors, and their fields are set.
 */
fun mapper(): ObjectMapper = ObjectMapper()
    .registerModule(JavaTimeModule())
    .registerModule(WithoutConstructors)
    .setSerializationInclusion(com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL)
    .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false) // Answers may gain fields.

private object WithoutConstructors : SimpleModule() {
    private val unsafe = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe").apply { isAccessible = true }.get(null)
    private val allocate = unsafe.javaClass.getMethod("allocateInstance", Class::class.java)

    override fun setupModule(context: SetupContext) {
        super.setupModule(context)
        context.addValueInstantiators(object : ValueInstantiators.Base() {
            override fun findValueInstantiator(
                config: DeserializationConfig,
                description: BeanDescription,
                default: ValueInstantiator,
            ): ValueInstantiator =
                if (description.beanClass.packageName != "sync.models") default else Allocated(config, description)
        })
    }

    private class Allocated(config: DeserializationConfig, private val description: BeanDescription) :
        StdValueInstantiator(config, description.type) {
        override fun canCreateUsingDefault() = true
        override fun createUsingDefault(context: DeserializationContext): Any =
            allocate.invoke(unsafe, description.beanClass)
    }
}
